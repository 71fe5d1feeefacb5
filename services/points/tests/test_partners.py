"""Partners: exact rates, limits that hold, settlements that add up to 0."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import MERCHANTS, issue, redeem, template
from services.points.tests.test_merges import merge
from services.points.tests.test_stored_value import RULE, register, spend, top_up

from contracts.points.programmes import ExchangeRate
from contracts.roles import Role
from points_service.exchanges.domain import multiples, whole
from points_service.ledger.domain import AccountKind
from points_service.settlements import domain as settlements
from points_service.settlements.domain import Sums
from testkit import together

BOTH_WAYS = {"rate": {"points": 100, "units": 8}}
AIR = {
    "partner_id": "air",
    "kind": "airline",
    "names": {"zh": "蓝天航空", "en": "Blue Sky"},
    "unit": {"zh": "里程", "en": "miles"},
    "outward": BOTH_WAYS,
    "inward": {"rate": {"points": 50, "units": 8}},
    "valid_from": "2017-01-01T00:00:00+08:00",
    "clients": ["test-partner"],
}
_numbers = iter(range(10**6))


async def add(shop: Shop, **other: Any) -> None:
    """A partner."""
    answer = await shop.client.post("/v1/partners", json=AIR | other)
    assert answer.status_code == 201, answer.text


async def exchange(
    shop: Shop, member: UUID, direction: str, *, query: str = "", key: str = "", **other: Any
) -> httpx.Response:
    body = {
        "partner_id": "air",
        "direction": direction,
        "partner_ref": f"x{next(_numbers)}",
        **other,
    }
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/v1/members/{member}/exchanges{query}"
    return await shop.client.post(path, json=body, headers=headers)


async def reverse(shop: Shop, member: UUID, exchange_id: str) -> httpx.Response:
    return await shop.client.post(f"/v1/members/{member}/exchanges/{exchange_id}/reverse")


async def lots(shop: Shop) -> list[tuple[int, int]]:
    """(remaining, expired) of all lots, oldest first."""
    async with shop.running.db.transaction() as tx:
        rows = await tx.fetch("SELECT remaining, expired FROM lot ORDER BY expires_at, lot_id")
    return [(row["remaining"], row["expired"]) for row in rows]


async def test_points_become_miles_and_come_back(shop: Shop, member: UUID) -> None:
    await add(shop)
    await shop.buy(member, 300)
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=5)).isoformat())
    would = await exchange(shop, member, "out", query="?dry_run=true", points=250, partner_ref="r")
    assert would.json()["exchange_id"] is None and await lots(shop) == [(200, 0), (300, 0)]
    answer = await exchange(shop, member, "out", points=250, partner_ref="r")
    done = answer.json()
    assert (done["units"], done["balance"], done["status"]) == (20, 250, "booked")
    assert would.json() == done | {"exchange_id": None}
    assert await lots(shop) == [(0, 0), (250, 0)]
    assert (await exchange(shop, member, "out", units=20, partner_ref="r")).json() == done
    other = await exchange(shop, member, "out", units=18, partner_ref="r")
    assert (other.status_code, other.json()["code"]) == (409, "partner_ref_reused")

    got = (await exchange(shop, member, "in", units=16, key="k")).json()
    assert (got["points"], got["balance"]) == (100, 350)
    stats = await shop.check_books()
    assert (stats["issued"], stats["burnt"], stats["outstanding"]) == (600, 250, 350)
    found = await shop.get(f"/v1/members/{member}/exchanges?limit=1")
    assert [each["direction"] for each in found["data"]] == ["in"]
    path = f"/v1/members/{member}/exchanges?limit=1&cursor={found['next_cursor']}"
    assert [each["direction"] for each in (await shop.get(path))["data"]] == ["out"]


@pytest.mark.parametrize(
    ("direction", "amount", "code"),
    [
        ("out", {"points": 30}, "not_a_multiple"),
        ("out", {"units": 3}, "not_a_multiple"),
        ("in", {"units": 3}, "not_a_multiple"),
        ("out", {"points": 10000}, "insufficient_points"),
        ("out", {"points": 100, "units": 8}, "value_error"),
        ("out", {}, "value_error"),
        ("out", {"points": 100, "partner_id": "sea"}, "unknown_partner"),
    ],
)
async def test_what_cannot_be_exchanged(
    shop: Shop, member: UUID, direction: str, amount: dict[str, Any], code: str
) -> None:
    await add(shop)
    await shop.buy(member, 100)
    answer = (await exchange(shop, member, direction, **amount)).json()
    assert code in (answer["code"], answer["errors"][0]["code"] if answer["errors"] else "")
    assert (await shop.check_books())["outstanding"] == 100


async def test_a_failed_exchange_leaves_no_trace_in_the_lots(shop: Shop, member: UUID) -> None:
    await add(shop)
    await shop.buy(member, 300)
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=360)).isoformat())
    before = await lots(shop)
    done = (await exchange(shop, member, "out", points=250)).json()
    back = (await reverse(shop, member, done["exchange_id"])).json()
    assert (back["status"], back["balance"]) == ("reversed", 500)
    assert await lots(shop) == before
    assert (await reverse(shop, member, done["exchange_id"])).json() == back

    await shop.tick()
    late = (await exchange(shop, member, "out", points=250)).json()
    shop.move(NOON + timedelta(days=30))
    await shop.tick()
    assert (await reverse(shop, member, late["exchange_id"])).json()["balance"] == 300
    assert await lots(shop) == [(0, 200), (300, 0)]  # back in its lot, whose day has passed
    assert (await shop.check_books())["expired"] == 200
    assert (await reverse(shop, uuid4(), late["exchange_id"])).status_code == 404
    assert (await reverse(shop, member, str(uuid4()))).status_code == 404


async def test_points_that_came_in_by_mistake_are_owed_once_spent(shop: Shop, member: UUID) -> None:
    await add(shop)
    await shop.buy(member, 50)
    got = (await exchange(shop, member, "in", units=32)).json()
    assert got["balance"] == 250
    await shop.redeem(member, 200)  # all of the older lot, 150 of the miles
    assert (await reverse(shop, member, got["exchange_id"])).json()["balance"] == 0
    assert (await shop.points(member))["pending"] == -150
    again = (await exchange(shop, member, "in", units=32)).json()
    assert again["balance"] == 50
    stats = await shop.check_books()
    assert (stats["owed"], stats["outstanding"]) == (0, 50)


async def test_limits_of_a_member_by_exchange_day_and_month(shop: Shop, member: UUID) -> None:
    limits = {"per_exchange": 200, "member_day": 300, "member_month": 500}
    await add(shop, outward=BOTH_WAYS | {"limits": limits})
    await shop.buy(member, 5000)

    async def out(points: int) -> str:
        answer = (await exchange(shop, member, "out", points=points)).json()
        return str(answer.get("code", "done"))

    assert [await out(n) for n in (225, 200, 125, 100, 25)] == [
        "limit_per_exchange", "done", "limit_member_day", "done", "limit_member_day",
    ]  # fmt: skip
    shop.move(datetime(2017, 3, 15, 16, 0, tzinfo=UTC))  # the next day in the programme's zone
    assert [await out(n) for n in (200, 25)] == ["done", "limit_member_month"]
    shop.move(datetime(2017, 3, 31, 16, 0, tzinfo=UTC))
    done = (await exchange(shop, member, "out", points=200)).json()
    await reverse(shop, member, done["exchange_id"])  # what was undone does not count
    assert [await out(n) for n in (200, 125, 100)] == ["done", "limit_member_day", "done"]
    one = uuid4()
    await register(shop, one)
    await merge(shop, (one, member))  # what the absorbed did counts for the survivor
    shop.move(datetime(2017, 4, 2, tzinfo=UTC))
    member = one
    assert [await out(n) for n in (200, 25)] == ["done", "limit_member_month"]
    await shop.check_books()


async def test_sixty_four_callers_and_the_month_holds(shop: Shop) -> None:
    await add(shop, outward=BOTH_WAYS | {"limits": {"total_month": 1000}})
    members = [uuid4() for _ in range(16)]
    await shop.batch([shop.order(member, 500) for member in members])
    answers = await together(
        exchange(shop, members[n % 16], "out", points=25, key=f"k{n}") for n in range(64)
    )
    assert Counter(each.status_code for each in answers) == {200: 40, 409: 24}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"limit_total_month"}
    dry = await exchange(shop, members[0], "out", query="?dry_run=true", points=25)
    assert dry.json()["code"] == "limit_total_month"
    stats = await shop.check_books()
    assert stats["burnt"] == 1000


async def test_a_reference_is_one_members_though_many_bring_it(shop: Shop) -> None:
    await add(shop)
    members = [uuid4() for _ in range(16)]
    await shop.batch([shop.order(member, 500) for member in members])
    answers = await together(
        exchange(shop, members[n % 16], "out", points=25, partner_ref="r") for n in range(64)
    )
    codes = Counter(answer.json().get("code", "done") for answer in answers)
    assert codes == {"done": 4, "partner_ref_reused": 60}
    assert (await shop.check_books())["burnt"] == 25


async def test_who_may_exchange(shop: Shop, member: UUID) -> None:
    await add(shop)
    await shop.buy(member, 100)
    path = f"/v1/members/{member}/exchanges"
    body = {"partner_id": "air", "direction": "in", "units": 8, "partner_ref": "r1"}
    headers = shop.running.headers(Role.MEMBER, member_id=member)
    denied = await shop.client.post(path, json=body, headers=headers)
    assert denied.json()["code"] == "not_the_partner"
    headers = shop.running.headers(Role.PARTNER)
    assert (await shop.client.post(path, json=body, headers=headers)).status_code == 200
    await shop.client.put("/v1/partners/air", json=AIR | {"clients": ["another"]})
    for call in (
        shop.client.post(path, json=body | {"partner_ref": "r2"}, headers=headers),
        shop.client.get("/v1/partners/air/settlements?month=2017-03", headers=headers),
        shop.client.get("/v1/partners/air", headers=headers),
    ):
        assert (await call).json()["code"] == "foreign_partner"
    assert "clients" not in (await shop.get("/v1/partners"))["data"][0]
    assert (await shop.client.post("/v1/partners", json=AIR)).json()["code"] == "known_partner"
    ours = await shop.client.post("/v1/partners", json=AIR | {"partner_id": "breakage"})
    assert ours.json()["code"] == "known_partner"
    assert (await shop.client.put("/v1/partners/sea", json=AIR)).status_code == 404
    shop.move(datetime(2016, 12, 31, tzinfo=UTC))
    early = await exchange(shop, member, "out", points=25)
    assert early.json()["code"] == "programme_over"
    await shop.client.put("/v1/partners/air", json=AIR | {"inward": None})
    assert (await exchange(shop, member, "in", units=8)).json()["code"] == "one_way"


async def settled(shop: Shop, month: str, path: str = "/v1/settlements") -> dict[str, Any]:
    """The statement, its lines by party without zeros."""
    found = await shop.get(f"{path}?month={month}")
    assert (found["net"], found["net_fen"]) == (0, 0) or path != "/v1/settlements"
    return found | {
        "lines": {
            line["party"]: {k: v for k, v in line.items() if v and k != "party"}
            for line in found["lines"]
        }
    }


async def test_a_month_is_settled_between_merchants(shop: Shop, member: UUID) -> None:
    await add(shop)
    await shop.buy(member, 1000)
    await shop.redeem(member, 300, store="s2")
    await exchange(shop, member, "out", points=200)
    await exchange(shop, member, "in", units=16)
    account = (
        await shop.client.post("/v1/accounts/stored-value", json={"member_id": str(member)})
    ).json()["account_id"]
    await shop.client.put("/v1/stored-value-rules/spring", json=RULE | {"amount_fen": 5000})
    await top_up(shop, account, 5000)
    await spend(shop, account, 1200)
    [coupon] = await issue(shop, await template(shop, cost_shares=MERCHANTS), member)
    assert (await redeem(shop, coupon["code"], member, store="s1")).status_code == 200
    found = await settled(shop, "2017-03")
    assert found["lines"] == {
        "s1": {
            "issued": 1000, "net": -1000, "net_fen": -1000, "sales_fen": 1200, "coupon_fen": 350,
        },
        "s2": {
            "honoured": 300, "net": 300, "net_fen": 300, "bonus_fen": 5000, "coupon_fen": 150,
        },
        "air": {"exchanged_out": 200, "exchanged_in": 100, "net": 100, "net_fen": 100},
        "programme": {"outstanding": 600, "net": 600, "net_fen": 600},
    }  # fmt: skip
    own = await settled(shop, "2017-03", "/v1/partners/air/settlements")
    assert own["lines"] == {"air": found["lines"]["air"]} and own["net"] == 100
    assert (await settled(shop, "2017-02"))["lines"] == {}
    for month in ("2017-13", "2017-3", "x"):
        assert (await shop.client.get(f"/v1/settlements?month={month}")).status_code == 422
    await shop.check_books()


async def close(shop: Shop, month: str) -> httpx.Response:
    return await shop.client.post(f"/v1/settlements/{month}/close")


async def test_a_closed_month_never_changes(shop: Shop, member: UUID) -> None:
    await shop.tick()
    await shop.buy(member, 100)
    assert (await close(shop, "2017-03")).json()["code"] == "month_not_over"
    shop.move(datetime(2017, 3, 31, 16, 0, tzinfo=UTC))
    await shop.buy(member, 30, paid_at=(NOON + timedelta(days=1)).isoformat())  # posted in April
    shop.move(datetime(2017, 4, 30, 16, 0, tzinfo=UTC))
    assert (await close(shop, "2017-04")).json()["code"] == "earlier_month_open"
    assert (await close(shop, "2017-02")).json()["code"] == "nothing_to_close"
    answers = await together(close(shop, "2017-03") for _ in range(5))
    assert len({each.text for each in answers}) == 1 and answers[0].status_code == 200
    march = await settled(shop, "2017-03")
    assert march["closed_at"] and march["lines"]["s1"]["issued"] == 100

    shop.move(NOON)  # a clock set back posts into a month that is closed
    await shop.buy(member, 7)
    assert await settled(shop, "2017-03") == march
    shop.move(datetime(2017, 4, 30, 16, 0, tzinfo=UTC))
    assert (await settled(shop, "2017-04"))["lines"]["s1"]["issued"] == 37
    assert (await close(shop, "2017-04")).status_code == 200
    assert await settled(shop, "2017-03") == march
    assert (await settled(shop, "2017-05"))["lines"] == {}
    await shop.buy(member, 5)
    may = (await settled(shop, "2017-05"))["lines"]
    assert (may["s1"]["issued"], may["programme"]["outstanding"]) == (5, 5)
    for attack in (
        "UPDATE settlement_line SET credit = 0", "DELETE FROM settlement",
        "TRUNCATE settlement_line",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.running.db.transaction() as tx:
                await tx.execute(attack)
    await shop.check_books()


@given(points=st.integers(1, 10**6), units=st.integers(1, 10**6), times=st.integers(1, 1000))
def test_rates_are_exact_both_ways(points: int, units: int, times: int) -> None:
    rate = ExchangeRate(points=points, units=units)
    few, little = multiples(rate)
    assert whole(rate, few * times, None) == whole(rate, None, little * times)
    assert whole(rate, few * times, None) == (few * times, little * times)
    assert whole(rate, few * times + 1, None) is None or few == 1


@given(
    amounts=st.dictionaries(st.sampled_from("abcdef"), st.integers(-(10**6), 10**6)),
    rate=st.integers(1, 1000),
)
def test_net_fen_add_up_to_nothing_at_any_rate(amounts: dict[str, int], rate: int) -> None:
    month = NOON.date().replace(day=1)
    sums = [
        Sums(month, AccountKind.HONOURING, party, max(-n, 0), max(n, 0))
        for party, n in amounts.items()
    ]
    rest = -sum(amounts.values())
    sums.append(Sums(month, AccountKind.MEMBER, "programme", max(-rest, 0), max(rest, 0)))
    lines = settlements.lines(sums, rate)
    assert sum(line.net for line in lines) == sum(line.net_fen for line in lines) == 0
    assert all(abs(line.net_fen - line.net * 100 / rate) < 1.0001 for line in lines)


def test_every_account_of_points_is_settled() -> None:
    fen = {"stored_principal", "stored_bonus", "cash", "budget", "funding"}
    assert {*settlements.KINDS} == {*AccountKind} - fen
