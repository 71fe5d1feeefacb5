"""Pure rules of ladders: conditions, windows, moves, worth."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.points.tiers import TierLadderChange
from points_service.benefits.domain import Benefit, Kind, Period
from points_service.benefits.worth import Basket, above, gaps, needed, worth
from points_service.members.domain import Member, window
from points_service.tiers.checks import moves, objections
from points_service.tiers.definition import dump, parse
from points_service.tiers.domain import Condition, Grant, Ladder, LadderKind, Rung
from points_service.tiers.rules.rule import LONGEST_WINDOW, Month, Standing


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        (Condition("growth", 1), 7),
        (Condition("month_spend", 1), 50),
        (Condition("referrals", 1), 2),
        (Condition("social", 1), 3),
        (Condition("spend", 1, 1), 50),
        (Condition("spend", 1, 3), 56),
        (Condition("frequency", 1, 2), 1),
        (Condition("frequency", 1, 12), 4),
        (Condition("interactions", 1, 3), 9),
    ],
)
def test_kinds_of_condition(condition: Condition, reached: int) -> None:
    months = [Month(1, 50, 0), Month(), Month(3, 6, 9)]
    assert condition.reached(Standing(7, 50, 2, 3, months)) == reached


@given(
    st.dictionaries(st.integers(-3, 30), st.builds(Month, st.integers(0, 9)), max_size=8),
    st.lists(st.tuples(st.integers(-3, 30), st.builds(Month, st.integers(-2, 9))), max_size=8),
)
def test_a_window_is_the_fold_of_its_months(
    past: dict[int, Month], added: list[tuple[int, Month]]
) -> None:
    def day(back: int) -> date:
        year, month = divmod(2020 * 12 - back, 12)
        return date(year, month + 1, 1)

    found = window({day(n): m for n, m in past.items()}, [(day(n), m) for n, m in added], day(0))
    assert len(found) == LONGEST_WINDOW
    for back, month in enumerate(found):
        orders = sum(m.orders for n, m in [*past.items(), *added] if n == back)
        assert month.orders == orders


def test_only_windows_ask_for_months() -> None:
    plain = Ladder("x", "x", (Rung("a", 100, ()), Rung("b", 100, (Condition("growth", 1),))))
    windowed = Ladder("x", "x", (Rung("a", 100, ()), Rung("b", 100, (Condition("spend", 1, 3),))))
    assert plain.since(date(2017, 3, 1)) is None
    assert windowed.since(date(2017, 3, 1)) == date(2017, 1, 1)


names = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True)


def climbing(tiers: list[str], step: int = 100, **other: Any) -> Ladder:
    return Ladder(
        "x",
        "x",
        tuple(
            Rung(name, 100, (Condition("growth", step * place),) if place else ())
            for place, name in enumerate(tiers)
        ),
        **other,
    )


@given(names, names, names, st.integers(1, 300), st.integers(1, 300))
def test_members_of_tiers_that_are_gone_always_have_a_place(
    first: list[str], second: list[str], third: list[str], one: int, other: int
) -> None:
    ladder = climbing(first)
    for after in (climbing(second, one), climbing(third, other)):
        moved = moves({}, ladder, after)
        here = {rung.name for rung in after.rungs}
        assert not here & moved.keys() and set(moved.values()) <= here
        assert {rung.name for rung in ladder.rungs} <= here | moved.keys()
        places = [after.place(moved[r.name]) for r in ladder.rungs if r.name in moved]
        assert places == sorted(places)  # nobody overtakes
        ladder = climbing([rung.name for rung in after.rungs], moves=moved)


def test_a_ladder_is_what_was_stored() -> None:
    ladder = Ladder(
        "x", "mall", (Rung("a", 1, (), 99, (Grant("b", 2),), "甲", "A"),
        Rung("c", 2, (Condition("spend", 5, 6),))), LadderKind.MALL, 3, 4, True, {"z": "a"},
    )  # fmt: skip
    assert parse("x", dump(ladder)) == ladder


PARKING = Benefit("parking", Kind.PRIVILEGE, Period.MONTH, 1000, ("", ""), ("", ""))
BIRTHDAY = Benefit("birthday", Kind.EMOTIONAL, Period.YEAR, 500, ("", ""), ("", ""))
PRICE = Benefit("price", Kind.PRICE, Period.MONTH, 10**9, ("", ""), ("", ""))
CATALOGUE = {each.benefit_id: each for each in (PARKING, BIRTHDAY, PRICE)}


def test_worth_is_price_points_and_benefits_a_year() -> None:
    def of(points: int, price: int, *grants: Grant) -> int:
        return worth(Rung("x", points, (), price, grants), CATALOGUE, Basket(100_000, 100))

    assert of(0, 100) == 0
    assert of(0, 95) == 60_000  # 5 % of 12,000 yuan
    assert of(150, 100) == 18_000  # 18,000 points at a fen each
    assert of(0, 100, Grant("parking", 2)) == 24_000
    assert of(0, 100, Grant("parking")) == 12_000  # no quota: a period's value
    assert of(0, 100, Grant("birthday", 1)) == 500
    assert of(0, 95, Grant("price")) == 60_000  # counted once
    assert of(150, 95, Grant("parking", 2), Grant("birthday", 1)) == 102_500


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_forty_percent_is_forty_percent(below: int, value: int) -> None:
    enough = value >= needed(below)
    assert enough == (value * 100 >= below * 140 and value > 0)
    if enough and below:
        percent = above(value, below)
        assert percent is not None and percent >= 40


def test_only_malls_are_measured_and_told_what_is_missing() -> None:
    rungs = (Rung("a", 100, ()), Rung("b", 139, ()), Rung("c", 300, ()))
    assert gaps(Ladder("x", "x", rungs), {}, Basket()) == ()
    (gap,) = gaps(Ladder("x", "x", rungs, LadderKind.MALL), {}, Basket())
    assert (gap.place, gap.worth_fen, gap.below_fen) == (1, 16_680, 12_000)
    assert (gap.missing_fen, gap.above_percent) == (120, 39)


def test_what_is_wrong_is_said_all_at_once() -> None:
    words = {"zh": "甲", "en": "A"}
    ladder = TierLadderChange.model_validate(
        {
            "name": "x",
            "kind": "mall",
            "tiers": [
                {"name": "a", "title": words, "points_percent": 1, "conditions": []},
                {"name": "a", "title": words, "points_percent": 1, "conditions": []},
            ],
        }
    )
    assert [each.code for each in objections(ladder, ())] == ["duplicate_tier", "no_conditions"]


def test_a_member_who_moves_begins_a_period() -> None:
    member = Member(UUID(int=1), "a", warned_on=date(2017, 1, 1), falls_on=date(2017, 2, 1))
    assert member.moved("a", date(2017, 1, 5)) is member
    moved = member.moved("b", date(2017, 1, 5))
    assert (moved.kept_since, moved.warned_on, moved.falls_on) == (date(2017, 1, 5), None, None)
