"""Arms are drawn by lot, once and for all; one draw tells nothing of another."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from campaign_service.experiments.assigning import Arm, Draw, GlobalControl, drawn, position

MEMBERS = [UUID(int=n) for n in range(20_000)]
THREE = (Arm("a", 2), Arm("b", 1), Arm("c", 1))


@given(
    st.floats(0, 1, exclude_max=True),
    st.lists(st.floats(0.01, 5), min_size=1, max_size=6),
)
def test_every_place_has_its_arm_and_arms_are_as_wide_as_their_share(
    place: float, shares: list[float]
) -> None:
    arms = [Arm(str(n), share) for n, share in enumerate(shares)]
    number = int(drawn(place, arms))
    whole = sum(shares)
    assert sum(shares[:number]) / whole <= place + 1e-9
    assert place <= sum(shares[: number + 1]) / whole + 1e-9


def test_an_arm_without_share_gets_nobody() -> None:
    arms = [Arm("none", 0.0), Arm("all", 1.0), Arm("last", 0.0)]
    assert {drawn(position("x", member), arms) for member in MEMBERS[:500]} == {"all"}


def test_shares_are_kept_and_stay() -> None:
    draw = Draw("spring", THREE)
    found = Counter(draw.of(member).variant for member in MEMBERS)
    assert stats.chisquare([found["a"], found["b"], found["c"]], [10_000, 5_000, 5_000]).pvalue > (
        0.001
    )
    assert draw.of(MEMBERS[7]) == Draw("spring", THREE).of(MEMBERS[7])


def test_draws_under_other_salts_know_nothing_of_each_other() -> None:
    pairs = Counter(
        (position("spring", member) < 0.5, position("autumn", member) < 0.5) for member in MEMBERS
    )
    table = [[pairs[a, b] for b in (False, True)] for a in (False, True)]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_arms_are_drawn_apart_from_the_control_group_of_the_same_name() -> None:
    draw = Draw("spring", [Arm("a", 1), Arm("b", 1)])
    treated = [member for member in MEMBERS if position("spring", member) >= 0.4]
    share = sum(draw.of(member).variant == "a" for member in treated) / len(treated)
    assert share == pytest.approx(0.5, abs=0.05)


def test_a_bandit_follows_the_weights_but_leaves_a_floor_alone() -> None:
    arms = (Arm("a", 1), Arm("b", 1))
    draw = Draw("s", arms, floor=0.1)
    before = {member: draw.of(member, {"a": 0.5, "b": 0.5}) for member in MEMBERS}
    after = {member: draw.of(member, {"a": 0.0, "b": 1.0}) for member in MEMBERS}
    fair = [member for member in MEMBERS if after[member].fair]
    assert len(fair) / len(MEMBERS) == pytest.approx(0.2, abs=0.01)
    assert all(before[member] == after[member] for member in fair)
    assert Counter(after[member].variant for member in fair)["a"] / len(fair) == pytest.approx(
        0.5, abs=0.03
    )
    assert {each.variant for each in after.values() if not each.fair} == {"b"}


def test_who_is_left_alone_by_all_campaigns_is_drawn_anew_every_year() -> None:
    group = GlobalControl(0.1)
    held = {
        year: {member for member in MEMBERS if group.holds(member, date(year, 5, 1))}
        for year in (2017, 2018)
    }
    assert all(len(members) / len(MEMBERS) == pytest.approx(0.1, abs=0.01)
               for members in held.values())  # fmt: skip
    both = len(held[2017] & held[2018]) / len(MEMBERS)
    assert both == pytest.approx(0.01, abs=0.004)
    assert group.holds(MEMBERS[0], date(2017, 1, 1)) == group.holds(MEMBERS[0], date(2017, 12, 31))
    assert not any(GlobalControl(0.0).holds(member, date(2017, 1, 1)) for member in MEMBERS[:100])
