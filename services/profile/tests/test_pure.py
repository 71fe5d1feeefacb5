"""Sums, forests, cursors, bands: the pure parts."""

from datetime import UTC, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.profile.tests.world import NOON, member, order

from profile_service.purchases.domain import NOTHING, Spending, spending_of, total
from profile_service.rfm.domain import Bounds, Rfm, band, cell, recency_band
from profile_service.subjects.domain import Node, attach
from profile_service.timeline.domain import Place

counts = st.dictionaries(st.sampled_from("abc"), st.integers(1, 9))
moments = st.integers(0, 1000).map(lambda n: NOON + timedelta(minutes=n))
orders = st.builds(
    lambda at, fen, coupons, channel: spending_of(
        order("n", member(1), at=at, items=[("x", 1, fen)], channel=channel, coupons=coupons),
        at.hour,
        {"x": "GROCERY"},
    ),
    moments,
    st.integers(0, 10**6),
    st.lists(st.just("code"), max_size=1),
    st.sampled_from(["pos", "web"]),
)
refunds = st.integers(1, 100).map(lambda fen: Spending(refunded_fen=fen))


@given(parts=st.lists(orders | refunds, max_size=8), cut=st.integers(0, 8), seed=st.randoms())
def test_spending_adds_up_in_any_order_and_grouping(
    parts: list[Spending], cut: int, seed: object
) -> None:
    whole = total(parts)
    assert total(parts[:cut]) + total(parts[cut:]) == whole
    shuffled = list(parts)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(shuffled) == whole
    assert whole + NOTHING == whole == NOTHING + whole


def test_spending_of_an_order() -> None:
    items = [("apple", 2, 300), ("soap", 1, 700), ("apple", 1, 150), ("unknown", 1, 9)]
    got = spending_of(
        order("1", member(1), items=items, coupons=["c"]), 20, {"apple": "FRUIT", "soap": "HOME"}
    )
    assert got == Spending(
        1, 4, 1159, 0, 1, NOON, NOON, None, {"pos": 1}, {"evening": 1}, {"FRUIT": 450, "HOME": 700}
    )


def forest(size: int) -> dict[int, Node]:
    return {key: Node(None, None, key) for key in range(size)}


def test_links_make_one_tree_in_any_order() -> None:
    at = [NOON + timedelta(hours=n) for n in range(4)]
    links = [(1, 0, at[0]), (2, 0, at[1]), (0, 3, at[2]), (4, 2, at[3])]
    for some in permutations(links):
        nodes = forest(6)
        for link in some:
            nodes |= attach(nodes, [link])
        assert [nodes[key].root for key in range(6)] == [3, 3, 3, 3, 3, 5]
        assert nodes[4].parent == 2


def test_the_later_link_of_an_identifier_wins() -> None:
    early, late = NOON, NOON + timedelta(hours=1)
    nodes = forest(3)
    assert attach(nodes, [(0, 1, late), (0, 2, early)])[0] == Node(1, late, 1)
    assert attach(nodes, [(0, 2, early), (0, 1, late)])[0] == Node(1, late, 1)


def test_a_merge_the_other_way_round_makes_no_ring() -> None:
    nodes = forest(3)
    nodes |= attach(nodes, [(1, 0, NOON), (2, 1, NOON)])
    nodes |= attach(nodes, [(0, 2, NOON)])
    assert [nodes[key].root for key in range(3)] == [2, 2, 2]
    assert attach(nodes, [(0, 0, NOON)]) == {}


def test_cursors_come_back() -> None:
    place = Place(NOON.astimezone(UTC), "purchase", "order/1 北京")
    assert Place.from_cursor(place.cursor()) == place
    for wrong in ("", "x", "bm9wZQ", "WyIyMDE3LTAxLTAxVDAwOjAwOjAwIiwiYSIsImIiXQ", "é"):
        with pytest.raises(ValueError):
            Place.from_cursor(wrong)


def test_bands() -> None:
    assert [band(v, (1.0, 2.5)) for v in (0, 1, 2, 2.5, 3)] == [1, 1, 2, 2, 3]
    assert [recency_band(days) for days in (0, 30, 31, 90, 91)] == [1, 1, 2, 2, 3]
    bounds = Bounds((2.0, 5.0), (100.0, 200.0), 300.0)
    assert cell(Rfm(40, 3, 250), bounds) == "2-2-3"
    assert cell(Rfm(40, 3, 250), None) == "2-1-1"
