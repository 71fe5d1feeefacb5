"""Budgets of campaigns: set aside once, never exceeded, given back in whatever order."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import balance, check, give_back, members, redeem

from contracts.base import Event
from contracts.campaign.budgets import BudgetReleased, BudgetRequested, PointsOffered
from contracts.events import CouponOffered, CouponPromise
from contracts.points_events import BudgetAnswered
from points_service.budgets import use_cases as budgets
from points_service.budgets.jobs import budgets_settled
from points_service.coupons.jobs import coupon_expiry
from points_service.coupons.subscribers import on_offered
from points_service.programme import Programme

PROGRAMME = Programme()


def promised(effect: str, value: int, **other: Any) -> CouponPromise:
    return CouponPromise(effect, value, zh="优惠", en="an offer", **other)


FIVE_OFF = promised("cash_off", 500)
CAMPAIGN, RESERVED = UUID(int=1), UUID(int=2)
ENDS = NOON + timedelta(days=7)


def asked(contacts: int, each_fen: int, of: UUID = RESERVED, **other: Any) -> BudgetRequested:
    values = {"promise": FIVE_OFF, **other}
    return BudgetRequested(of, CAMPAIGN, contacts, each_fen, NOON, **values)


def coupon(
    code: str, member: UUID, promise: CouponPromise = FIVE_OFF, of: UUID = RESERVED
) -> CouponOffered:
    return CouponOffered(
        uuid4(), code, member, CAMPAIGN, 0, NOON, ENDS, promise=promise, reservation_id=of
    )


async def hear(shop: Shop, *events: Event, programme: Programme = PROGRAMME) -> None:
    """Each by itself, as the bus would tell it."""
    for event in events:
        async with shop.running.db.transaction() as tx:
            if isinstance(event, BudgetRequested):
                await budgets.reserve(tx, programme, [event])
            elif isinstance(event, BudgetReleased):
                await budgets.release(tx, [event])
            elif isinstance(event, PointsOffered):
                await budgets.grant(tx, programme, [event])
            elif isinstance(event, CouponOffered):
                await on_offered(tx, [event])


async def answers(shop: Shop) -> list[tuple[bool, str | None, int]]:
    async with shop.running.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", BudgetAnswered.subject
        )
    told = [msgspec.json.decode(row["payload"], type=BudgetAnswered) for row in rows]
    return [(each.reserved, each.reason, each.reserved_fen) for each in told]


async def template(shop: Shop, of: UUID = RESERVED) -> tuple[int, int, int]:
    """(issued, promised fen, budget fen)"""
    async with shop.running.db.transaction(readonly=True) as tx:
        row = await tx.fetchrow(
            "SELECT issued, committed_fen, budget_fen FROM coupon_template WHERE template_id = $1",
            of,
        )
    assert row is not None
    return row["issued"], row["committed_fen"], row["budget_fen"]


async def test_a_budget_is_set_aside_once_and_pays_for_its_coupons(shop: Shop) -> None:
    [member] = await members(shop, 1)
    await hear(shop, asked(10, 500), asked(10, 500), coupon("A", member))
    assert set(await answers(shop)) == {(True, None, 5_000)}
    assert await template(shop) == (1, 500, 5_000)
    assert await balance(shop, "budget", str(RESERVED)) == 5_000
    bought = await shop.buy(member, 80, coupons=["A"])
    assert bought["coupons_used"] == ["A"]
    assert await balance(shop, "budget", str(RESERVED)) == 4_500
    await check(shop)


@pytest.mark.parametrize(
    ("promise", "each_fen", "amounts", "off"),
    [
        (promised("percent", 20, max_off_fen=1_000), 1_000, {"order_amount": 8_000}, 1_000),
        (promised("percent", 20, max_off_fen=1_000), 1_000, {"order_amount": 2_000}, 400),
        (promised("gift", 1, gift_sku="milk"), 900, {"amount": 900}, 900),
        (promised("gift", 1, gift_sku="milk"), 900, {"amount": 950}, 950),
        (promised("free_delivery", 1_200), 1_200, {"amount": 700}, 700),
        (promised("cash_off", 500, threshold_fen=2_000), 500, {"order_amount": 2_000}, 500),
    ],
)
async def test_coupons_of_every_kind_redeem_and_roll_back(
    shop: Shop, promise: CouponPromise, each_fen: int, amounts: dict[str, Any], off: int
) -> None:
    [member] = await members(shop, 1)
    await hear(shop, asked(3, each_fen, promise=promise), coupon("A", member, promise))
    used = await redeem(shop, "A", member, **amounts)
    assert used.json()["discount"]["amount"] == off
    assert (await template(shop))[1] == max(off, each_fen)
    await check(shop)
    assert (await give_back(shop, "A")).json()["status"] == "claimed"
    assert await template(shop) == (1, each_fen, 3 * each_fen)
    await check(shop)


async def test_what_cannot_be_paid_for_or_is_not_there_is_refused(shop: Shop) -> None:
    poor = Programme(campaign_limit_fen=4_999)
    await hear(shop, asked(10, 500), programme=poor)
    unknown = msgspec.structs.replace(
        asked(1, 1, promise=promised("gift", 1, gift_sku="unicorn")), reservation_id=uuid4()
    )
    await hear(shop, unknown)
    assert await answers(shop) == [(False, "programme_limit", 0), (False, "unknown_goods", 0)]
    assert await balance(shop, "budget", str(RESERVED)) == 0


async def test_64_at_once_never_exceed_a_budget(shop: Shop) -> None:
    people = await members(shop, 64)
    await hear(shop, asked(40, 500))
    await asyncio.gather(*(hear(shop, coupon(f"C{n}", who)) for n, who in enumerate(people)))
    assert await template(shop) == (40, 20_000, 20_000)
    used = await asyncio.gather(
        *(redeem(shop, f"C{n}", who, f"o{n}") for n, who in enumerate(people))
    )
    assert sum(answer.status_code == 200 for answer in used) == 40
    assert await balance(shop, "budget", str(RESERVED)) == 0
    await check(shop)


async def test_whatever_is_told_in_what_order_the_end_is_the_same(shop: Shop) -> None:
    people = await members(shop, 2)
    for number, order in enumerate(itertools.permutations(range(3))):
        budget = uuid4()
        told = [
            *(coupon(f"C{number}{n}", who, of=budget) for n, who in enumerate(people)),
            BudgetReleased(budget, CAMPAIGN, 2, NOON),
        ]
        events = [told[place] for place in order]
        await hear(shop, asked(10, 500, of=budget), *events, *events)
        assert await template(shop, budget) == (2, 1_000, 1_000)
        assert await balance(shop, "budget", str(budget)) == 1_000


async def test_what_is_given_up_before_it_is_heard_of_is_never_set_aside(shop: Shop) -> None:
    await hear(shop, BudgetReleased(RESERVED, CAMPAIGN, 0, NOON), asked(10, 500))
    assert await answers(shop) == [(False, "released", 0)]
    assert await balance(shop, "budget", str(RESERVED)) == 0


async def test_at_the_end_what_was_never_taken_goes_back(shop: Shop) -> None:
    people = await members(shop, 3)
    promise = promised("percent", 20, max_off_fen=1_000)
    await hear(shop, asked(10, 1_000, promise=promise))
    await hear(shop, *(coupon(f"C{n}", who, promise) for n, who in enumerate(people)))
    await redeem(shop, "C0", people[0], order_amount=2_000)
    await hear(shop, BudgetReleased(RESERVED, CAMPAIGN, 3, NOON))
    assert await template(shop) == (3, 3_000, 3_000)
    await budgets_settled.run(shop.running.db, NOON + timedelta(days=1))
    assert await template(shop) == (3, 3_000, 3_000)  # two may still be used
    for job in (coupon_expiry, budgets_settled):
        await job.run(shop.running.db, ENDS + timedelta(hours=12))
    assert await template(shop) == (3, 400, 400)
    assert await balance(shop, "budget", str(RESERVED)) == 0
    await check(shop)


async def test_points_are_given_once_within_the_budget(shop: Shop) -> None:
    people = await members(shop, 8)
    await hear(shop, asked(6, 100, promise=None, points=100))
    grants = [(uuid4(), who) for who in [*people, uuid4()]]
    events = [PointsOffered(RESERVED, CAMPAIGN, 100, [each], NOON) for each in grants]
    await asyncio.gather(*(hear(shop, each, each) for each in [*events, *events]))
    balances = [(await shop.points(who))["redeemable"] for who in people]
    assert sorted(balances) == [0, 0, *[100] * 6]
    await check(shop)
