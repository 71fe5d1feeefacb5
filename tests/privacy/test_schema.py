"""Every operation of the OpenAPI document, called with what schemathesis makes of it.

No 5xx, no answer that the document does not describe, nothing that was sent in an error. A few
cases for each operation, always the same; hundreds with TEST_LONG=1. A new operation is called
without a word here.
"""

import asyncio
import json
import os
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from allinone.platform import Platform
from allinone.servers import External
from contracts import openapi
from contracts.roles import Role
from tests.journeys.conftest import Api, order, unique
from tests.privacy.exploring import PERSONAL, Explorer

FIT, UNFIT = (150, 100) if os.environ.get("TEST_LONG") else (3, 2)  # cases of an operation
LEFT_OUT = {
    "POST /dev/clock": "moves everybody's time: tokens end, days are worked off",
    "GET /dev/settled": "waits until all services are at rest; takes no argument",
}
ROLES = [str(role) for role in Role]
_TOKENS_LAST = 300.0  # seconds; they are good for ten minutes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_platform() -> AsyncIterator[Platform]:
    """A platform of this module's own: afterwards its rules and clients are not what they were."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        starting = Platform(
            Path(folder), dev=True, seed="schema", external=External(), durable=False
        )
        async with starting as running:
            yield running


async def a_member(api: Api, **more: Any) -> str:
    body = {"identifiers": [{"kind": "card_no", "value": f"c{unique()}"}], **more}
    member: str = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    return member


def credentials_of(platform: Platform) -> dict[str, str]:
    """HTTP Basic of a source of events, and of a client at the token endpoint."""
    known = json.loads(platform.home.clients_file.read_text())
    client = known["clients"]["operator"]
    pairs = {
        "writeKey": f"{known['write_keys']['demo']}:",
        "client": f"{client['client_id']}:{client['client_secret']}",
    }
    return {kind: f"Basic {b64encode(pair.encode()).decode()}" for kind, pair in pairs.items()}


async def begin(api: Api, explorer: Explorer) -> str:
    """A shop, an order, members with known personal values; answers the member of role member."""
    products = [{"sku": "milk", "name": "Milk", "department": "DAIRY", "category": "MILK"}]
    await api.ok("POST", "/v1/products/batch", {"products": products}, role="operator")
    stores = {"stores": [{"store_id": "s-1", "name": "West Lake", "city": "杭州"}]}
    await api.ok("POST", "/v1/stores/batch", stores, role="operator")
    member = await a_member(api, name=PERSONAL["name"], birthday=PERSONAL["birthday"])
    for kind in ("phone", "email", "wechat_openid", "ecommerce_account", "external"):
        path = f"/v1/members/{member}/identifiers"
        await api.ok("POST", path, {"kind": kind, "value": PERSONAL[kind]}, role="operator")
    await api.settled()
    card = {"kind": "phone", "value": PERSONAL["phone"]}
    bought = order(card, 900_000)
    await api.ok("POST", "/v1/orders", bought, role="pos")
    for name, value in (
        ("member_id", member), ("member_id", await a_member(api)), ("sku", "milk"),
        ("store", "s-1"), ("store_id", "s-1"), ("order_no", bought["order_no"]),
    ):  # fmt: skip
        explorer.learn(name, value)
    return member


async def test_every_operation_answers_as_the_document_says(own_platform: Platform) -> None:
    document = openapi.document()
    ca, credentials = str(own_platform.ca_path), credentials_of(own_platform)
    explorer = Explorer(document, own_platform.url, ca, credentials)
    async with own_platform.client(timeout=30) as http:
        api = Api(own_platform, http)
        member = await begin(api, explorer)
        tokens: dict[str, str] = {}
        taken = -_TOKENS_LAST
        for operation in explorer.operations():
            if operation.label in LEFT_OUT:
                continue
            if time.monotonic() - taken > _TOKENS_LAST:
                taken = time.monotonic()
                for role in ROLES:
                    tokens[role] = await own_platform.token(
                        role, member if role == "member" else None
                    )
            await asyncio.to_thread(explorer.explore, operation, tokens.__getitem__, FIT, UNFIT)
    found = explorer.findings
    print(f"\n{found.calls} calls, {len(found.done)} of {len(found.statuses)} operations done")
    logged = [
        line
        for log in sorted(own_platform.home.logs.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
        if '"exception"' in line
    ]
    assert not found.faults, "\n" + found.report() + "\n" + "\n".join(logged[-20:])
    assert logged == []
    assert len(found.done) > 0.5 * len(found.statuses), "most calls must be more than refused"
