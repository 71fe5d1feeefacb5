"""Segment's own SDKs, unchanged, against the running gateway: over TLS, packed, and when answers
are lost on their way back."""

import asyncio
import json
import os
import shutil
import ssl
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from segment.analytics.client import Client
from services.gateway.tests.inner import Inner, Seen, served

from allinone.platform import Platform
from tests.journeys.conftest import Api, registration, unique

NODE_SDK = "@segment/analytics-node@3.1.0"
COUNTED = {
    "identify": 1, "alias": 1, "group": 1, "Home": 1, "Cart": 1, "Product Viewed": 3,
    "Product Shared": 1,
}  # fmt: skip
LOST = 2  # answers in a row


class Careless(Inner):
    """A proxy that hands requests on and loses the first answers: 503 instead."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        trust = ssl.create_default_context(cafile=platform.ca_path)
        self._http = httpx.Client(base_url=platform.url, verify=trust)
        self.replies["POST /v1/batch"] = self._pass

    def _pass(self, seen: Seen) -> tuple[int, Any]:
        kept = ("authorization", "content-encoding", "content-type")
        headers = {name: seen.headers[name] for name in kept if name in seen.headers}
        answer = self._http.post(seen.path, content=seen.body, headers=headers)
        assert answer.status_code == 200, answer.text
        status = 503 if self.statuses[503] < LOST else 200
        self.statuses[status] += 1
        return status, answer.content


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The npm package in a folder that outlives the run: it is fetched once a machine."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node.js on this machine")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "huiyuan-tests" / NODE_SDK.replace("/", "+")
    if not (folder / "node_modules" / ".package-lock.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", NODE_SDK]
        subprocess.run([*command, "--ignore-scripts"], check=True, timeout=120)
    return folder


async def a_user(api: Api) -> str:
    """A member known by an id of the shop's own; that id."""
    user = f"u-{unique()}"
    body = registration({"kind": "external", "value": user})
    await api.ok("POST", "/v1/members", body, role="pos")
    await api.settled()
    return user


async def counted(api: Api, user: str) -> tuple[dict[str, int], dict[str, Any]]:
    """How often the member did what, and what is known of it."""
    await api.settled()
    identifier = {"kind": "external", "value": user}
    found = await api.ok("POST", "/v1/members/lookup", identifier, role="service_agent")
    path = f"/v1/members/{found['member_id']}/profile"
    profile = await api.ok("GET", path, role="service_agent")
    events = {each["event"]: each["total"] for each in profile["activity"]["by_event"]}
    return events, profile["traits"]


def write_key(api: Api) -> str:
    key: str = json.loads(api.platform.home.clients_file.read_text())["write_keys"]["demo"]
    return key


def python_sdk(key: str, host: str, user: str, *, gzip: bool) -> None:
    """What a shop's backend does with PyPI's segment-analytics-python."""
    failed: list[Any] = []
    client = Client(
        key, host=host, gzip=gzip, upload_size=4, upload_interval=0.1,
        on_error=lambda error, items: failed.append(error),
    )  # fmt: skip
    client.identify(user, {"style": "organic"})
    client.alias(f"{user}-before", user)
    client.group(user, "family", {"size": 3})
    client.page(user, name="Home")
    client.screen(user, name="Cart")
    for sku in ("milk", "bread", "milk"):
        client.track(user, "Product Viewed", {"sku": sku})
    for _ in range(2):
        client.track(user, "Product Shared", message_id=f"{user}-shared")
    client.flush()
    client.join()
    assert not failed


async def node_sdk(modules: Path, api: Api, host: str, user: str) -> None:
    """The same with npm's @segment/analytics-node."""
    settings = {
        "MODULES": str(modules), "WRITE_KEY": write_key(api), "HOST": host, "USER_ID": user,
        "NODE_EXTRA_CA_CERTS": str(api.platform.ca_path),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        "node", str(Path(__file__).with_name("sdks") / "send.mjs"), env={**os.environ, **settings}
    )
    async with asyncio.timeout(90):
        assert await process.wait() == 0


@pytest.mark.parametrize("gzip", [False, True])
async def test_the_python_sdk_as_it_is(
    api: Api, monkeypatch: pytest.MonkeyPatch, gzip: bool
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.platform.ca_path))
    user = await a_user(api)
    await asyncio.to_thread(
        python_sdk, write_key(api), api.platform.url, user, gzip=gzip
    )  # fmt: skip
    assert await counted(api, user) == (COUNTED, {"style": "organic"})


async def test_the_node_sdk_as_it_is(api: Api, node_modules: Path) -> None:
    user = await a_user(api)
    await node_sdk(node_modules, api, api.platform.url, user)
    assert await counted(api, user) == (COUNTED, {"style": "organic"})


async def test_the_python_sdk_tries_again_and_nothing_counts_twice(api: Api) -> None:
    user, careless = await a_user(api), Careless(api.platform)
    async with served(careless) as url:
        await asyncio.to_thread(python_sdk, write_key(api), url, user, gzip=True)
    assert careless.statuses[503] == LOST and careless.statuses[200] >= 3
    assert await counted(api, user) == (COUNTED, {"style": "organic"})


async def test_the_node_sdk_tries_again_and_nothing_counts_twice(
    api: Api, node_modules: Path
) -> None:
    user, careless = await a_user(api), Careless(api.platform)
    async with served(careless) as url:
        await node_sdk(node_modules, api, url, user)
    assert careless.statuses[503] == LOST and careless.statuses[200] >= 3
    assert await counted(api, user) == (COUNTED, {"style": "organic"})
