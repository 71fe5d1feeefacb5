"""Points set aside: posted, voided or released by time, once and exactly."""

import asyncio
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from chassis.problem import Problem
from contracts.points.spending import HoldRequest
from contracts.roles import Role
from points_service.holds.asks import Ask, Place, Post, Void, answer
from points_service.parts import Parts
from testkit import together

MANY = 64


def path(member: UUID, *steps: str) -> str:
    return "/".join([f"/v1/members/{member}/points/holds", *steps])


async def call(
    shop: Shop, member: UUID, points: int, key: str | None = None, **other: Any
) -> httpx.Response:
    body = {"points": points, "reason": "checkout", **other}
    headers = {"Idempotency-Key": key} if key else {}
    return await shop.client.post(path(member), json=body, headers=headers)


async def hold(shop: Shop, member: UUID, points: int, **other: Any) -> str:
    """Set points aside; the hold's id."""
    answer = await call(shop, member, points, **other)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["hold"]["hold_id"])


async def post(shop: Shop, member: UUID, hold_id: str, points: int | None = None) -> httpx.Response:
    body = {} if points is None else {"points": points}
    return await shop.client.post(path(member, hold_id, "post"), json=body)


async def void(shop: Shop, member: UUID, hold_id: str) -> httpx.Response:
    return await shop.client.post(path(member, hold_id, "void"))


async def have(shop: Shop, member: UUID) -> tuple[int, int, int]:
    """(redeemable, held, pending)."""
    points = await shop.points(member)
    return points["redeemable"], points["held"], points["pending"]


async def test_a_hold_is_spent_and_its_orders_refund_gives_it_back(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 500)
    answer = (await call(shop, member, 300, store="s2", order_no="o1")).json()
    assert answer["balance"] == 200
    made = answer["hold"]
    assert (made["status"], made["value"]["amount"]) == ("open", 300)
    assert made["expires_at"] == "2017-03-15T04:15:00Z"
    assert await have(shop, member) == (200, 300, 0)
    assert (await shop.get(path(member)))["data"] == [made]
    assert (await shop.check_books())["outstanding"] == 500
    done = (await post(shop, member, made["hold_id"])).json()
    assert (done["hold"]["status"], done["hold"]["posted"], done["balance"]) == ("posted", 300, 200)
    assert await shop.get(path(member, made["hold_id"])) == done["hold"]
    assert (await shop.get(path(member)))["data"] == []
    [event] = await shop.events("points.points_burnt.v1")
    assert event["points"] == 300
    assert (await shop.check_books())["burnt"] == 300
    await shop.buy(member, 10)
    assert (await shop.refund("o1", "half", 500)).json()["points_restored"] == 150
    assert (await shop.refund("o1", "rest")).json()["points_restored"] == 150
    assert await have(shop, member) == (500, 0, 0)
    assert (await shop.check_books())["burnt"] == 0


async def test_the_rest_of_a_hold_goes_back_to_the_lots_that_last_longest(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=3)).isoformat())
    await shop.buy(member, 300)
    hold_id = await hold(shop, member, 400, order_no="o2")
    answer = (await post(shop, member, hold_id, 100)).json()
    assert (answer["hold"]["posted"], answer["balance"]) == (100, 400)
    assert (await shop.points(member))["expiring_next"]["points"] == 100  # of the older 200
    await shop.check_books()
    await shop.buy(member, 10)
    assert (await shop.refund("o2", "r")).json()["points_restored"] == 100
    assert (await shop.points(member))["expiring_next"]["points"] == 200
    assert (await shop.check_books())["burnt"] == 0


async def test_a_voided_hold_leaves_everything_as_it_was(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=3)).isoformat())
    await shop.buy(member, 300)
    before = await shop.points(member)
    answer = (await void(shop, member, await hold(shop, member, 400))).json()
    assert (answer["hold"]["status"], answer["balance"]) == ("voided", 500)
    assert await shop.points(member) == before
    assert await shop.events("points.points_burnt.v1") == []
    await shop.check_books()


async def test_a_hold_ends_by_itself(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1000)
    short, long = await hold(shop, member, 300), await hold(shop, member, 200)
    week = await hold(shop, member, 500, expires_in_seconds=604_800)
    await void(shop, member, long)
    shop.move(NOON + timedelta(minutes=15))
    answer = await post(shop, member, short)  # the job has not run yet
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")
    await shop.tick()
    await shop.tick()
    assert (await shop.get(path(member, short)))["status"] == "expired"
    assert [each["hold_id"] for each in (await shop.get(path(member)))["data"]] == [week]
    assert await have(shop, member) == (500, 500, 0)
    shop.move(NOON - timedelta(days=400))  # a clock set back opens nothing again
    await shop.tick()
    assert (await post(shop, member, short)).json()["code"] == "hold_resolved"
    await shop.check_books()


async def test_post_void_and_time_race_and_one_of_them_wins(shop: Shop) -> None:
    members = [uuid4() for _ in range(4)]
    holds = []
    for member in members:
        await shop.buy(member, 800)
        holds += [(member, await hold(shop, member, 200)) for _ in range(4)]
    calls = [act(shop, *each) for each in holds for act in (post, void) * 2]
    assert len(calls) == MANY
    enough = asyncio.Event()
    answers: list[httpx.Response] = []

    async def count(call: Awaitable[httpx.Response]) -> None:
        answers.append(await call)
        if len(answers) == 4:
            enough.set()

    await together([_end(shop, enough), *(count(call) for call in calls)])
    won = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    states = [(await shop.get(path(*each)))["status"] for each in holds]
    assert "open" not in states
    assert len(won) == len(states) - states.count("expired")
    stats = await shop.check_books()
    assert stats["burnt"] == 200 * states.count("posted")
    assert stats["outstanding"] == 3200 - stats["burnt"]
    print(f"{len(holds)} holds, {MANY} callers and the clock: {states.count('posted')} posted,")
    print(f"{states.count('voided')} voided, {states.count('expired')} expired; 0 violations")


async def _end(shop: Shop, enough: asyncio.Event) -> None:
    await enough.wait()  # else time would win before anybody has called
    shop.move(NOON + timedelta(minutes=15))
    await shop.tick()


async def test_calls_in_one_transaction_come_to_the_same_as_one_by_one(shop: Shop) -> None:
    """The same calls of two groups of members, by themselves and all together."""
    groups = [[uuid4() for _ in range(4)] for _ in range(2)]
    chance = random.Random(7)
    given = [(chance.randrange(4), chance.choice([100, 150, 300, 1000])) for _ in range(40)]
    told = []
    for group, size in zip(groups, (1, 200), strict=True):
        for member in group:
            for days in (20, 5):  # two lots
                paid_at = (NOON - timedelta(days)).isoformat()
                await shop.buy(member, 600, paid_at=paid_at)
        held = [await hold(shop, member, 100 * (n + 1)) for n in range(4) for member in group]
        asks: list[Ask] = []
        for n, (place, points) in enumerate(given):
            member, hold_id = group[place], UUID(held[n % len(held)])
            request = HoldRequest(points=points, reason="r", store="s9" if n % 9 == 8 else "s1")
            if n < 24:
                ways: list[Ask] = [
                    Post(member, hold_id, None), Post(member, hold_id, 100), Void(member, hold_id)
                ]  # fmt: skip
                asks.append(ways[n % 3])
            else:
                asks.append(Place(member, request, Role.POS))
        asks.append(Void(uuid4(), uuid4()))
        told.append([await _outcome(shop, asks[n : n + size]) for n in range(0, len(asks), size)])
        await shop.check_books()
    assert [one for [one] in told[0]] == told[1][0]
    assert len({outcome[0] for outcome in told[1][0]}) >= 6  # different fates
    rest = [[await have(shop, member) for member in group] for group in groups]
    assert rest[0] == rest[1]


async def _outcome(shop: Shop, asks: list[Ask]) -> list[tuple[Any, ...]]:
    """What calls came to in one transaction, without their ids."""
    parts: Parts = shop.running.app.state.parts
    async with shop.running.db.transaction() as tx:
        answers = await answer(tx, parts.programme, parts.catalogue, asks)
    return [
        (each.code,)
        if isinstance(each, Problem)
        else (each.hold.status, each.hold.points, each.hold.posted, each.balance)
        for each in answers
    ]


async def test_many_holds_at_once_never_set_aside_more_than_there_is(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 1050)
    answers = await together(call(shop, member, 100) for _ in range(MANY))
    assert sorted(each.status_code for each in answers) == [200] * 10 + [409] * (MANY - 10)
    assert await have(shop, member) == (50, 1000, 0)
    await shop.check_books()


async def test_one_key_holds_and_posts_once(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 500)
    answers = await together(call(shop, member, 100, "k") for _ in range(20))
    good = {answer.text for answer in answers if answer.status_code == 200}
    assert len(good) == 1 and {answer.status_code for answer in answers} <= {200, 409}
    assert (await call(shop, member, 200, "k")).status_code == 422
    [made] = (await shop.get(path(member)))["data"]
    paths = [path(member, made["hold_id"], "post")] * 2
    key = {"Idempotency-Key": "p"}
    first, again = [await shop.client.post(each, json={}, headers=key) for each in paths]
    assert first.status_code == 200 and first.text == again.text
    assert (await shop.check_books())["burnt"] == 100


async def test_what_cannot_be_held_or_posted(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 250)
    for body, status, code, pointer in (
        ({"points": 300}, 409, "insufficient_points", "/points"),
        ({"points": 150}, 422, "not_a_multiple", "/points"),
        ({"points": 0}, 422, "greater_than", "/points"),
        ({"points": 100, "store": "moon"}, 422, "unknown_store", "/store"),
        ({"points": 100, "expires_in_seconds": 604_801}, 422, "less_than_equal", None),
        ({"points": 100, "reason": "a b"}, 422, "string_pattern_mismatch", "/reason"),
    ):
        answer = await shop.client.post(path(member), json={"reason": "r", **body})
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"]) == (status, code)
        assert error["pointer"] == (pointer or "/expires_in_seconds")
    own = shop.running.headers(Role.MEMBER, member_id=member)
    body = {"points": 100, "reason": "gift", "order_no": "o0"}
    assert (await shop.client.post(path(member), json=body, headers=own)).status_code == 403
    hold_id = await hold(shop, member, 200)
    for points, status, code in ((300, 422, "more_than_held"), (150, 422, "not_a_multiple")):
        answer = await post(shop, member, hold_id, points)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["errors"][0]["pointer"] == "/points"
    stranger = uuid4()
    await shop.buy(stranger, 1)
    for who, code in ((stranger, "unknown_hold"), (uuid4(), "unknown_member")):
        for act in (post, void):
            answer = await act(shop, who, hold_id)
            assert (answer.status_code, answer.json()["code"]) == (404, code)
        assert (await shop.client.get(path(who, hold_id))).status_code == 404
    assert (await post(shop, member, str(uuid4()))).status_code == 404
    assert (await post(shop, member, hold_id)).status_code == 200
    for answer in (await post(shop, member, hold_id), await void(shop, member, hold_id)):
        assert (answer.status_code, answer.json()["code"]) == (409, "hold_resolved")
    await shop.check_books()


async def test_open_holds_come_in_pages(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 500)
    made = []
    for _ in range(5):
        made.append(await hold(shop, member, 100))
        shop.move(shop.clock.now() + timedelta(seconds=1))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await shop.get(path(member) + f"?limit=2{cursor}")
        found += [each["hold_id"] for each in page["data"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert found == made


async def test_points_past_their_date_are_not_given_back(shop: Shop, member: UUID) -> None:
    await shop.tick()
    await shop.buy(member, 300, paid_at=(NOON - timedelta(days=364)).isoformat())
    await shop.buy(member, 100)
    spent = await hold(shop, member, 200, expires_in_seconds=604_800)
    back = await hold(shop, member, 200, expires_in_seconds=604_800)  # 100 of either lot
    shop.move(NOON + timedelta(days=3))
    await shop.tick()
    assert await have(shop, member) == (0, 400, 0)
    assert (await post(shop, member, spent)).status_code == 200  # they were set aside in time
    assert (await void(shop, member, back)).json()["balance"] == 100
    stats = await shop.check_books()
    assert (stats["burnt"], stats["expired"], stats["outstanding"]) == (200, 100, 100)


async def test_a_clock_set_back_revives_nothing_that_was_held(shop: Shop, member: UUID) -> None:
    await shop.tick()
    await shop.buy(member, 300, paid_at=(NOON - timedelta(days=364)).isoformat())
    hold_id = await hold(shop, member, 300, expires_in_seconds=604_800)
    shop.move(NOON + timedelta(days=3))
    await shop.tick()
    for back in (timedelta(hours=-1), timedelta(days=-4), timedelta(days=-400)):
        shop.move(NOON + timedelta(days=3) + back)
        await shop.tick()
        assert await have(shop, member) == (0, 300, 0)
    assert (await void(shop, member, hold_id)).json()["balance"] == 0
    assert (await shop.check_books())["expired"] == 300


async def test_a_hold_follows_a_merge(shop: Shop) -> None:
    keep, gone = uuid4(), uuid4()
    await shop.buy(keep, 100)
    await shop.buy(gone, 500)
    posted, voided, ended = [await hold(shop, gone, 100) for _ in range(3)]
    await merge(shop, (keep, gone))
    assert await have(shop, keep) == (300, 300, 0)
    await shop.check_books()
    assert (await post(shop, gone, posted)).json()["hold"]["member_id"] == str(keep)
    assert (await void(shop, keep, voided)).json()["balance"] == 400
    shop.move(NOON + timedelta(minutes=15))
    await shop.tick()
    assert (await shop.get(path(keep, ended)))["status"] == "expired"
    assert await have(shop, keep) == (500, 0, 0)
    await shop.check_books()


async def test_points_given_back_pay_a_debt_first(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 300)
    await shop.buy(member, 200)
    first, second = await hold(shop, member, 300), await hold(shop, member, 200)
    await shop.refund("o0", "r")
    assert await have(shop, member) == (0, 500, -300)
    answer = (await post(shop, member, first, 100)).json()
    assert answer["balance"] == 0
    assert await have(shop, member) == (0, 200, -100)
    await shop.check_books()
    shop.move(NOON + timedelta(minutes=15))
    await shop.tick()
    assert (await shop.get(path(member, second)))["status"] == "expired"
    assert await have(shop, member) == (100, 0, 0)
    stats = await shop.check_books()
    assert (stats["burnt"], stats["reversed"], stats["owed"]) == (100, 300, 0)


async def test_no_hold_escapes_a_depreciation(shop: Shop, member: UUID) -> None:
    shop.move(datetime(2017, 12, 28, 4, tzinfo=UTC))
    await shop.tick()
    await shop.client.put(
        "/v1/expiry-policies/depreciation",
        json={
            "kind": "depreciation",
            "active": True,
            "figures": {"percent": 20, "month": 12, "day": 31},
        },
    )
    await shop.buy(member, 1000)
    back = await hold(shop, member, 300, expires_in_seconds=604_800)
    spent = await hold(shop, member, 500, expires_in_seconds=604_800)
    shop.move(datetime(2017, 12, 31, 4, tzinfo=UTC))
    await shop.tick()
    assert await have(shop, member) == (160, 800, 0)
    later = await hold(shop, member, 100)  # of points that lost their share already
    assert (await void(shop, member, back)).json()["balance"] == 60 + 240
    assert (await void(shop, member, later)).json()["balance"] == 160 + 240
    assert (await post(shop, member, spent)).json()["hold"]["posted"] == 500
    await shop.tick()
    stats = await shop.check_books()
    assert (stats["expired"], stats["outstanding"], stats["burnt"]) == (100, 400, 500)
