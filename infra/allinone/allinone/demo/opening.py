"""Before the first customer comes in: catalogue, stores, policies; later, segments."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from allinone.demo import bodies
from allinone.demo.client import Api
from allinone.demo.dataset import Dataset

SEGMENTS: dict[str, dict[str, Any]] = {  # defined once the models are there
    "高价值久未到店 of high value, not seen for a month": {
        "all": [{"clv": {"band": "high"}}, {"figure": "days_since_order", "at_least": 30}]
    },
    "近期常客 often and lately": {
        "all": [
            {"rfm": {"recency": [1], "frequency": [3]}},
            {"event": "Order", "days": 30, "count": {"at_least": 4}},
        ]
    },
    "可发短信的沉睡会员 sleeping, and may be written to": {
        "all": [
            {"figure": "days_since_order", "at_least": 60},
            {"consent": "marketing", "channel": "sms"},
        ]
    },
}

DEPRECIATION: dict[str, Any] = {  # a fifth of what is left goes when the year's last day begins
    "kind": "depreciation",
    "active": True,
    "figures": {"percent": 20, "month": 12, "day": 31},
}


async def load_catalogue(api: Api, data: Dataset) -> None:
    """Write every product and store; writing them again changes nothing."""

    async def write(path: str, body: bytes) -> None:
        await api.send("POST", path, body, role="operator")

    await asyncio.gather(
        *(write("/v1/products/batch", body) for body in bodies.product_batches(data)),
        *(write("/v1/stores/batch", body) for body in bodies.store_batches(data)),
    )


async def define_segments(api: Api) -> None:
    """Define those segments that are not there yet."""
    found = await api.get("/v1/segments", role="planner", limit="200")
    there = {segment["name"] for segment in found["data"]}
    for number, (name, definition) in enumerate(SEGMENTS.items()):
        if name not in there:
            body = {"name": name, "definition": definition}
            await api.post("/v1/segments", body, role="planner", key=f"demo-segment-{number}")


async def set_policies(api: Api) -> None:
    """Points depreciate at the end of the year, and still go after twelve months."""
    body = msgspec.json.encode(DEPRECIATION)
    await api.send("PUT", "/v1/expiry-policies/depreciation", body, role="operator")
