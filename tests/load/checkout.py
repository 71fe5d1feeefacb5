"""`huiyuan bench checkout`: a till's calls at 300 a second over TLS, beside an echo over TLS.

Quotes and holds that the measured orders name are made before, by calls like the measured ones.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

import httpx

from allinone.platform import Platform
from allinone.servers import External
from allinone.tls import ensure_certificates
from tests.load.figures import Row, show
from tests.load.floors import floor
from tests.load.gateway import MEMBERS, free_port, open_shop, order
from tests.load.generator import Plan, Request, Result, run

RATE, SECONDS, CONNECTIONS = 300.0, 5.0, 64
CHECKOUTS = int(RATE * SECONDS)
POINTS = 100  # of every checkout
AT_ONCE = 16  # while quotes and holds are made
CART = [{"sku": "milk", "quantity": 2, "unit": {"amount": 1999}}]


def main(json_file: Path | None) -> int:
    """Boot a platform, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder)))
    return show("checkout", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    async with Platform(folder, dev=True, external=External(), port=free_port()) as platform:
        members = await open_shop(platform)
        token = {
            "authorization": f"Bearer {await platform.token('pos')}",
            "content-type": "application/json",
        }
        async with platform.client(timeout=60, headers=token) as http:
            till = _Till(http, members)
            await till.give_points()
            named = await till.orders(CHECKOUTS)
            mixed = await till.orders(CHECKOUTS // 3)
            held = [_hold_body(members[n % len(members)]) for n in range(CHECKOUTS)]
        bench = _Bench(platform, token)
        return await asyncio.to_thread(bench.rows, held, named, mixed)


class _Till:
    """Prepares checkouts through the gateway."""

    def __init__(self, http: httpx.AsyncClient, members: Sequence[str]) -> None:
        self._http, self._members = http, members

    async def give_points(self) -> None:
        """Everybody buys enough to have points for every checkout."""
        for start in range(0, MEMBERS, 100):
            orders = [
                json.loads(order(f"points-{n}", f"c{n}").replace("1250", "5000000"))
                for n in range(start, min(start + 100, MEMBERS))
            ]
            answer = await self._http.post("/v1/orders/batch", json={"orders": orders})
            answer.raise_for_status()

    async def orders(self, count: int) -> list[str]:
        """Bodies of orders, each with a quote and a hold of its own."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(n: int) -> str:
            async with turn:
                return await self._order(n)

        return list(await asyncio.gather(*(one(n) for n in range(count))))

    async def _order(self, n: int) -> str:
        card = f"c{n % MEMBERS}"
        quote = await self._call("/v1/pricing/quote", quote_body(card))
        path, body = _hold_body(self._members[n % MEMBERS])
        held = await self._call(path, body)
        price = quote["price"]
        told = json.loads(order("@@@@@@@@-named", card)) | {
            "items": [
                {"sku": each["sku"], "quantity": each["quantity"], "amount": each["listed"]}
                for each in price["lines"]
            ],
            "paid": price["to_pay"],
            "quote_id": quote["quote_id"],
            "hold_id": held["hold"]["hold_id"],
        }
        return json.dumps(told)

    async def _call(self, path: str, body: str) -> Any:
        answer = await self._http.post(path, content=body)
        return answer.raise_for_status().json()


class _Bench:
    def __init__(self, platform: Platform, token: dict[str, str]) -> None:
        self._platform, self._token = platform, token
        self._ca = str(platform.ca_path)

    def rows(
        self, held: Sequence[tuple[str, str]], named: Sequence[str], mixed: Sequence[str]
    ) -> list[Row]:
        """Each call of a checkout by itself, then quote, hold and order in turn."""
        plain = [order(f"@@@@@@@@-{n}", f"c{n}") for n in range(MEMBERS)]
        quotes = [self._request("/v1/pricing/quote", quote_body(f"c{n}")) for n in range(MEMBERS)]
        lookups = [self._request("/v1/members/lookup", _phone(n)) for n in range(MEMBERS)]
        holds = [self._request(*each) for each in held]
        orders = [self._request("/v1/orders", body) for body in plain]
        naming = [self._request("/v1/orders", body) for body in named]
        whole = [
            call
            for n, body in enumerate(mixed)
            for call in (
                quotes[n % MEMBERS], holds[n], self._request("/v1/orders", body),
            )
        ]  # fmt: skip
        most = run(Plan(self._platform.url, orders, SECONDS, CONNECTIONS, self._ca, first=10**7))
        assert most.good, most.statuses
        with floor("echo", ensure_certificates(self._platform.home.tls)) as url:
            echoed = [Request("POST", "/echo", {}, body) for body in plain]
            echo = run(Plan(url, echoed, SECONDS, CONNECTIONS, self._ca, RATE))
        return [
            Row("orders_per_s", most.per_second),
            *_latencies("identify", self._at_rate(lookups), echo),
            *_latencies("order", self._at_rate(orders), echo),
            *_latencies("quote", self._at_rate(quotes), echo),
            *_latencies("hold", self._at_rate(holds), echo),
            *_latencies("order_with_quote_and_hold", self._at_rate(naming), echo),
            *_latencies("any_call_of_100_checkouts", self._at_rate(whole, 2 * 10**7), echo),
        ]

    def _request(self, path: str, body: str) -> Request:
        return Request("POST", path, self._token, body)

    def _at_rate(self, requests: Sequence[Request], first: int = 0) -> Result:
        plan = Plan(self._platform.url, requests, SECONDS, CONNECTIONS, self._ca, RATE, first)
        result = run(plan)
        assert result.good, result.statuses
        return result


def _latencies(name: str, result: Result, echo: Result) -> list[Row]:
    return [
        Row(f"{name}_p50_ms", result.p50_ms, "echo_tls_p50_ms", echo.p50_ms),
        Row(f"{name}_p99_ms", result.p99_ms, "echo_tls_p99_ms", echo.p99_ms, "≤ 200"),
    ]


def quote_body(card: str) -> str:
    """A kept quote that spends points."""
    return json.dumps(
        {
            "store": "s-1", "channel": "pos", "lines": CART, "points": POINTS, "keep": True,
            "identifier": {"kind": "card_no", "value": card},
        }
    )  # fmt: skip


def _phone(number: int) -> str:
    return json.dumps({"kind": "phone", "value": f"138{number:08}"})


def _hold_body(member: str) -> tuple[str, str]:
    return f"/v1/members/{member}/points/holds", json.dumps(
        {"points": POINTS, "reason": "checkout", "store": "s-1"}
    )


if __name__ == "__main__":
    sys.exit(main(None))
