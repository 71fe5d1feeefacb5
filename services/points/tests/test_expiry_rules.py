"""The arithmetic of points that go: dates, shares, what is lost next, what comes back. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_service.calendar import start_of
from points_service.expiry.domain import (
    Policies,
    Policy,
    conflict,
    going,
    missing_figure,
    next_loss,
)
from points_service.expiry.rules.depreciation import Yearly
from points_service.expiry.rules.end_of_year import EndOfYear
from points_service.expiry.rules.rolling import Rolling
from points_service.lots.domain import Depreciation, Lot, Part, consume, give_back, split, total

NOW = datetime(2017, 3, 15, 4, tzinfo=UTC)
ANYBODY = UUID(int=1)
moments = st.datetimes(datetime(2015, 1, 1), datetime(2019, 12, 31), timezones=st.just(UTC))
rules = st.lists(
    st.builds(Rolling, st.integers(1, 36)) | st.builds(EndOfYear, st.integers(0, 3)),
    min_size=1,
    max_size=3,
)
yearly = st.builds(Yearly, st.integers(1, 100), st.integers(1, 12), st.integers(1, 28))


@st.composite
def lots(draw: st.DrawFn) -> list[Lot]:
    """Some lots of a member, with dates by one policy, some of them in part spent."""
    policies = Policies(tuple(draw(rules)))
    found = []
    for n in range(draw(st.integers(1, 5))):
        earned = draw(moments)
        points = draw(st.integers(1, 1000))
        left = draw(st.integers(0, points))
        ends = policies.expires_at(earned)
        found.append(Lot(UUID(int=n), ANYBODY, ANYBODY, earned, ends, points, left))
    return found


@pytest.mark.parametrize(
    ("rule", "ends"),
    [
        (Rolling(12), date(2018, 3, 15)),
        (Rolling(1), date(2017, 4, 15)),
        (EndOfYear(0), date(2018, 1, 1)),
        (EndOfYear(2), date(2020, 1, 1)),
        (Yearly(20, 12, 31), None),
    ],
)
def test_when_points_end(rule: Any, ends: date | None) -> None:
    assert rule.ends(date(2017, 3, 15)) == ends


@given(moments, rules)
def test_points_end_with_the_first_of_all_policies(earned: datetime, several: list[Any]) -> None:
    ends = Policies(tuple(several)).expires_at(earned)
    assert ends == min(Policies((rule,)).expires_at(earned) for rule in several)
    assert ends > earned


@given(lots(), st.lists(yearly, max_size=2), moments)
def test_what_is_lost_step_by_step_is_all_there_was(
    held: list[Lot], shares: list[Yearly], now: datetime
) -> None:
    policies = Policies((Rolling(12), *shares))
    live = [lot for lot in held if lot.is_live(now)]
    for lot in live:
        losses = list(policies.losses(lot, now))
        assert sum(points for _, points in losses) == lot.remaining
        assert all(points > 0 and now < when <= lot.expires_at for when, points in losses)
        assert [when for when, _ in losses] == sorted(when for when, _ in losses)
    first = next_loss(policies, held, now)
    owned = sum(lot.remaining for lot in live)
    assert (first is None) == (owned == 0)
    if first:
        assert going(policies, held, first[0], now) == [(ANYBODY, first[1])]
        assert going(policies, held, first[0] - timedelta(seconds=1), now) == []


@given(lots(), st.integers(0, 3000), st.integers(0, 500), moments, st.integers(0, 40))
def test_what_was_taken_goes_back_where_it_was_or_is_gone(
    held: list[Lot], points: int, owed: int, now: datetime, days: int
) -> None:
    journal, other, later = UUID(int=100), UUID(int=101), now + timedelta(days=days)
    by_id = {lot.lot_id: lot for lot in held}
    parts = [Part(by_id[use.lot_id], use.points) for use in consume(held, points, journal, now)]
    spent, rest = split(parts, points // 3)
    assert total_of(spent) + total_of(rest) == total_of(parts)
    assert total_of(spent) == min(points // 3, total_of(parts))
    ends = [part.lot.expires_at for part in [*spent, *rest]]
    assert ends == sorted(ends)
    back = give_back(
        journal, rest, owed=owed, since=now, depreciations=[], journal_id=other, now=later
    )
    assert back.live + back.dead == total_of(rest) == total_restored(back.restores)
    assert all(each.live == by_id[each.lot_id].is_live(later) for each in back.restores)
    assert total(back.uses) == min(owed, back.live)


def total_of(parts: list[Part]) -> int:
    return sum(part.points for part in parts)


def total_restored(restores: Any) -> int:
    return sum(each.points for each in restores)


@given(st.integers(1, 10**9), st.integers(1, 100), st.integers(0, 5))
def test_a_part_held_over_depreciations_loses_what_it_would_have(
    points: int, percent: int, years: int
) -> None:
    days = [Depreciation(date(2017 + n, 12, 31), percent) for n in range(6)]
    seen = days[years - 1].day if years else None
    lot = Lot(UUID(int=1), ANYBODY, ANYBODY, NOW, start_of(date(2040, 1, 1)), points, 0)
    part = Part(Lot(**{**_fields(lot), "depreciated_on": seen}), points)
    back = give_back(
        UUID(int=2), [part], owed=0, since=NOW, depreciations=days, journal_id=UUID(int=3),
        now=start_of(date(2030, 1, 1)),
    )  # fmt: skip
    stayed = points
    for each in days[:years]:
        stayed -= each.takes(stayed)
    assert (back.live, back.dead) == (stayed, points - stayed)


def _fields(lot: Lot) -> dict[str, Any]:
    return {name: getattr(lot, name) for name in lot.__dataclass_fields__}


def test_figures_are_those_of_the_kind_and_policies_stand_together() -> None:
    assert missing_figure(Policy("a", "rolling", True, {"months": 1})) is None
    assert missing_figure(Policy("a", "rolling", True, {})) == "months"
    assert missing_figure(Policy("a", "rolling", True, {"months": 1, "day": 1})) == "day"
    months = Policy("a", "rolling", True, {"months": 1})
    share = Policy("b", "depreciation", True, {"percent": 1, "month": 2, "day": 3})
    assert conflict([months, share]) is None
    assert conflict([share]) == "no_date"
    assert conflict([months, share, share]) == "same_day"
