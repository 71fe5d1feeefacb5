"""Pure rules: calendar, ladder, earning, lots, shares, messages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_service.calendar import day_of, months_later, start_of
from points_service.earning.rules.rule import Purchase
from points_service.expiry.domain import Policies
from points_service.ledger.domain import Account, AccountKind, Entry, Journal, JournalKind
from points_service.lots.domain import Lot, consume, redeemable, total
from points_service.members.domain import Member
from points_service.orders.domain import Booking
from points_service.orders.use_cases import LINES_AN_EVENT, _parts
from points_service.refunds.domain import share
from points_service.tiers.domain import Condition, Ladder, Rung, Step, direction
from points_service.tiers.rules.rule import Standing

NOW = datetime(2017, 3, 15, 4, tzinfo=UTC)
ANYBODY = UUID(int=1)
LADDER = Ladder(
    "A",
    "test",
    (
        Rung("regular", 100, ()),
        Rung("silver", 120, (Condition("growth", 500),)),
        Rung("gold", 150, (Condition("growth", 1500), Condition("month_spend", 20_000))),
        Rung("diamond", 200, (Condition("growth", 3000), Condition("referrals", 1))),
    ),
)


def purchase(fen: int, lines: int = 1) -> Purchase:
    return Purchase("o", ANYBODY, "s", "pos", NOW, fen, [("milk", 1, fen)] * lines, [], b"")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2017, 1, 1), 12, date(2018, 1, 1)),
        (date(2017, 1, 31), 1, date(2017, 3, 1)),
        (date(2016, 2, 29), 12, date(2017, 3, 1)),
        (date(2017, 1, 1), -1, date(2016, 12, 1)),
        (date(2017, 12, 5), 1, date(2018, 1, 5)),
    ],
)
def test_months_later(day: date, months: int, expected: date) -> None:
    assert months_later(day, months) == expected


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_points_live_at_least_a_year_and_end_at_a_midnight(earned: datetime) -> None:
    ends = Policies().expires_at(earned)
    assert start_of(day_of(ends)) == ends
    assert timedelta(days=364) < ends - earned <= timedelta(days=367)


@pytest.mark.parametrize(
    ("tier", "standing", "climbed", "reviewed", "refunded"),
    [
        ("regular", Standing(499, 99_999, 9), "regular", "regular", "regular"),
        ("regular", Standing(500, 0, 0), "silver", "silver", "regular"),
        ("silver", Standing(1500, 19_999, 0), "silver", "silver", "silver"),
        ("silver", Standing(1500, 20_000, 0), "gold", "gold", "silver"),
        ("regular", Standing(3000, 0, 1), "diamond", "diamond", "regular"),
        ("gold", Standing(1500, 0, 0), "gold", "silver", "gold"),
        ("gold", Standing(1499, 99_999, 0), "gold", "silver", "silver"),
        ("diamond", Standing(3000, 20_000, 0), "diamond", "gold", "gold"),
        ("diamond", Standing(0, 0, 0), "diamond", "regular", "regular"),
        ("platinum", Standing(600, 0, 0), "silver", "silver", "regular"),  # from another ladder
    ],
)
def test_ways_on_the_ladder(
    tier: str, standing: Standing, climbed: str, reviewed: str, refunded: str
) -> None:
    assert LADDER.climb(tier, standing) == climbed
    assert LADDER.review(standing) == reviewed
    assert LADDER.after_refund(tier, standing) == refunded


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), min_size=1))
def test_shares_add_up_to_the_whole(whole: int, parts: list[int]) -> None:
    paid, gone, given_back = sum(parts), 0, 0
    for part in parts:
        gone += part
        due = share(whole, gone, paid, closed=gone == paid) - given_back
        assert due >= 0
        given_back += due
    assert given_back == whole


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 50)), max_size=8), st.integers(0, 200))
def test_oldest_live_points_go_first(lots: list[tuple[int, int]], points: int) -> None:
    held = [
        Lot(UUID(int=n), ANYBODY, ANYBODY, NOW, NOW + timedelta(days=days), 50, remaining)
        for n, (days, remaining) in enumerate(lots)
    ]
    uses = consume(held, points, ANYBODY, NOW)
    assert total(uses) == min(points, redeemable(held, NOW))
    by_id = {lot.lot_id: lot for lot in held}
    ends = [by_id[use.lot_id].expires_at for use in uses]
    assert ends == sorted(ends) and all(end > NOW for end in ends)
    assert all(use.points == by_id[use.lot_id].remaining for use in uses[:-1])


def test_spend_is_kept_for_two_months() -> None:
    jan, feb, mar, may = (date(2017, month, 1) for month in (1, 2, 3, 5))
    member = Member(ANYBODY, "regular").with_spend(jan, 100).with_spend(feb, 50)
    assert [member.spent_in(month) for month in (jan, feb, mar)] == [100, 50, 0]
    assert member.with_spend(jan, 7).spent_in(jan) == 107
    assert member.with_spend(mar, 1).spent_in(feb) == 50
    assert member.with_spend(may, 1).previous_fen == 0
    assert member.with_spend(may, 1).with_spend(jan, 9).spent_in(jan) == 0


def test_a_journal_must_add_up() -> None:
    account = Account(AccountKind.BREAKAGE, "programme")
    with pytest.raises(AssertionError):
        Journal(ANYBODY, JournalKind.EARN, "r", NOW, (Entry(account, 1),))


def test_messages_stay_small_and_in_order() -> None:
    member = Member(ANYBODY, "regular")
    bookings = [
        Booking(purchase(n, 1000), member, 0, 0, None, None, None, None, None) for n in range(45)
    ]
    parts = list(_parts(bookings))
    assert [booking for part in parts for booking in part] == bookings
    assert [sum(len(b.purchase.items) for b in part) for part in parts] == [
        LINES_AN_EVENT, LINES_AN_EVENT, 5000,
    ]  # fmt: skip
    assert list(_parts([])) == []


def test_which_way_a_tier_changed() -> None:
    step = Step(UUID(int=1), "gold", "silver", "order", datetime(2026, 1, 1, tzinfo=UTC))
    other = Ladder("other", "other", LADDER.rungs[:1])
    assert direction([other, LADDER], step) == "up"
    assert direction([other, LADDER], replace(step, tier="silver", previous="gold")) == "down"
    assert direction([other], step) is None
