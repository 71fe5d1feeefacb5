"""`huiyuan bench gateway`: what the front door costs, beside the services alone."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.platform import Platform
from allinone.ports import claim
from allinone.servers import External
from allinone.tls import ensure_certificates
from chassis.principal import HEADER, TOKEN_HEADER, Principal
from contracts.classification import Kind
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.desensitize.cedar import SHIPPED, compiled
from gateway_service.desensitize.domain import Asker, Situation
from gateway_service.desensitize.masks import mask
from gateway_service.vault.seal import IDENTIFIERS
from testkit.vaults import derived_vault
from tests.load.figures import Row, show
from tests.load.floors import floor
from tests.load.generator import Plan, Request, Result, run

MEMBERS = 200
SECONDS, ROUNDS = 1.5, 2
ORDERS_A_SECOND, CHECKOUT_SECONDS = 300.0, 5.0


def main(json_file: Path | None) -> int:
    """Boot a platform, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder)))
    return show("gateway", rows + fields(), json_file)


async def _measure(folder: Path) -> list[Row]:
    async with Platform(folder, dev=True, external=External(), port=free_port()) as platform:
        bench = _Bench(platform, await open_shop(platform))
        await bench.sign_in()
        return await asyncio.to_thread(bench.rows)


class _Bench:
    def __init__(self, platform: Platform, members: list[str]) -> None:
        self._platform, self._members = platform, members
        self._ca = str(platform.ca_path)
        self._public: dict[str, str] = {}
        principal = Principal(Role.POS, "bench").header()
        self._inner = {TOKEN_HEADER: platform.internal_token, HEADER: principal}

    async def sign_in(self) -> None:
        """Get the token that the bench calls with."""
        self._public = {"authorization": f"Bearer {await self._platform.token('pos')}"}

    def rows(self) -> list[Row]:
        """Everything measured over HTTP."""
        plain = self._compared("points", "/points")
        shown = self._compared("identity", "")
        return [
            *_compared_rows("plain", plain, "0.8"),
            *_compared_rows("masked", shown, "0.5"),
            *self._checkout(),
        ]

    def _compared(self, service: str, path: str) -> dict[str, Result]:
        """The same reads directly and through the gateway, in turns because of noise."""
        paths = [f"/v1/members/{member}{path}" for member in self._members]
        direct = [Request("GET", each, self._inner) for each in paths]
        public = [Request("GET", each, self._public) for each in paths]
        urls = self._platform.service_urls
        ways = {
            "alone": (urls[service], direct, None),
            "gateway": (urls["gateway"], public, self._ca),
        }
        turns = [(32, "")] * ROUNDS + [(1, "_quiet")]
        found: dict[str, list[Result]] = {}
        for connections, suffix in turns:
            for name, (url, requests, ca) in ways.items():
                result = run(Plan(url, requests, SECONDS, connections, ca))
                assert result.good, result.statuses
                found.setdefault(name + suffix, []).append(result)
        return {name: max(results, key=lambda r: r.per_second) for name, results in found.items()}

    def _checkout(self) -> list[Row]:
        orders = [
            Request("POST", "/v1/orders", self._public, order(f"@@@@@@@@-{n}", f"c{n}"))
            for n in range(MEMBERS)
        ]
        url = self._platform.url
        taken = run(Plan(url, orders, CHECKOUT_SECONDS, 64, self._ca, ORDERS_A_SECOND))
        assert taken.good, taken.statuses
        with floor("echo", ensure_certificates(self._platform.home.tls)) as echo:
            bodies = [Request("POST", "/echo", {}, order.body) for order in orders]
            bare = run(Plan(echo, bodies, CHECKOUT_SECONDS, 64, self._ca, ORDERS_A_SECOND))
        return [
            Row("checkout_p99_ms_at_300_per_s", taken.p99_ms, "bare_echo_tls_p99_ms_at_300_per_s",
                bare.p99_ms, "≤ 200"),
            Row("checkout_p50_ms_at_300_per_s", taken.p50_ms, "bare_echo_tls_p50_ms_at_300_per_s",
                bare.p50_ms),
        ]  # fmt: skip


def _compared_rows(name: str, found: dict[str, Result], aim: str) -> list[Row]:
    alone, gateway = found["alone"], found["gateway"]
    quiet, quiet_gateway = found["alone_quiet"], found["gateway_quiet"]
    return [
        Row(f"{name}_route_per_s", gateway.per_second, f"{name}_service_alone_per_s",
            alone.per_second, f"≥ {aim}", f"{name}_route_throughput"),
        Row(f"{name}_route_p50_ms", quiet_gateway.p50_ms, f"{name}_service_alone_p50_ms",
            quiet.p50_ms, "≤ 2 ms more"),
        Row(f"{name}_route_added_p50_ms", quiet_gateway.p50_ms - quiet.p50_ms, target="≤ 2"),
    ]  # fmt: skip


def fields() -> list[Row]:
    """Microseconds a sealed field costs, without any IO."""
    vault, member = derived_vault("bench"), UUID(int=7)
    token = vault.seal(Kind.PHONE, "13800138000", member, place=IDENTIFIERS)
    scope, today = {member.bytes}, date(2017, 6, 1)
    table = compiled(SHIPPED.read_text())
    asker, situation = Asker(Role.POS), Situation()

    def seal(n: int) -> str:
        return vault.seal(Kind.PHONE, f"138{n:08}", member, place=IDENTIFIERS)

    def show(_: int) -> str:
        return mask(Kind.PHONE, vault.open(Sealed.parse(token), scope, place=IDENTIFIERS), today)

    work: dict[str, tuple[Callable[[int], Any], str]] = {
        "seal_a_field_us": (seal, "≤ 20"),
        "open_and_mask_a_field_us": (show, "≤ 20"),
        "policy_decision_us": (lambda _: table.view(asker, situation)[Kind.PHONE], "≤ 5"),
    }  # fmt: skip
    return [Row(name, _microseconds(each), target=aim) for name, (each, aim) in work.items()]


def _microseconds(work: Callable[[int], Any], rounds: int = 5_000) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for n in range(rounds):
            work(n)
        best = min(best, time.perf_counter() - started)
    return best / rounds * 1e6


async def open_shop(platform: Platform) -> list[str]:
    """A store, a product, and members with card, phone and name; their ids."""
    members = [
        {
            "identifiers": [
                {"kind": "card_no", "value": f"c{n}"},
                {"kind": "phone", "value": f"138{n:08}"},
            ],
            "name": "欧阳小明",
            "birthday": "1990-02-03",
        }
        for n in range(MEMBERS)
    ]
    steps = (
        ("operator", "/v1/products/batch", {"products": [{"sku": "milk", "name": "Milk"}]}),
        ("operator", "/v1/stores/batch", {"stores": [{"store_id": "s-1"}]}),
        ("pos", "/v1/members/batch", {"members": members}),
    )
    answer: dict[str, Any] = {}
    async with platform.client(timeout=30) as http:
        for role, path, body in steps:
            token = {"Authorization": f"Bearer {await platform.token(role)}"}
            answer = (await http.post(path, json=body, headers=token)).raise_for_status().json()
        (await http.get("/dev/settled")).raise_for_status()
    return [result["member_id"] for result in answer["results"]]


def order(number: str, card: str) -> str:
    return (
        f'{{"order_no":"{number}","store":"s-1","channel":"pos",'
        '"paid_at":"2026-01-05T10:00:00+08:00","paid":{"amount":1250},'
        f'"identifier":{{"kind":"card_no","value":"{card}"}},'
        '"items":[{"sku":"milk","quantity":1,"amount":{"amount":1250}}]}'
    )


def free_port() -> int:
    free = claim([None])
    free.release()
    return free.port


if __name__ == "__main__":
    sys.exit(main(None))
