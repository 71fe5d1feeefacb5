"""The rules of merging, without a database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from services.identity.tests.samples import activity, batch, index, member_id

from contracts.classification import Kind
from identity_service.merges.domain import Kinship, Link, Mark, Merge, Person, Reason
from identity_service.resolution.domain import Clue, clues, stitch

DAY = datetime(2017, 1, 1, tzinfo=UTC)
REASON = Reason("phone:x", "activity", "web")


def ids() -> Iterator[UUID]:
    number = 0
    while True:
        number += 1
        yield UUID(int=number)


def people(*days: int) -> list[Person]:
    """Members 1, 2, 3… who registered on these days."""
    return [
        Person(member_id(number), DAY + timedelta(days=day), {}, (), (f"card_no:{number}",))
        for number, day in enumerate(days, 1)
    ]


def kinship(members: list[Person]) -> Kinship:
    owners = {mark: person.member_id for person in members for mark in person.identifiers}
    new_ids = ids()
    return Kinship(members, owners, {}, DAY, lambda: next(new_ids))


def mark(index: str) -> Mark:
    return Mark(index, Kind(index.partition(":")[0]), None)


def test_the_earliest_registered_survives_then_the_smaller_id() -> None:
    kin = kinship(people(3, 1, 1))
    assert kin.unite(dict.fromkeys(kin.people, REASON)) == member_id(2)
    assert [merge.absorbed_id for merge in kin.merges] == [member_id(3), member_id(1)]


def test_the_absorbed_member_fills_gaps_only() -> None:
    old = Person(member_id(1), DAY, {"name": "sealed-1", "city": None, "gender": None})
    new = Person(
        member_id(2), DAY + timedelta(1), {"name": "sealed-2", "city": "Beijing", "gender": None}
    )
    kin = kinship([old, new])
    merge = kin.merge(old.member_id, new.member_id, REASON)
    assert merge.filled == ("city",)
    assert kin.people[old.member_id].attributes == {
        "name": "sealed-1", "city": "Beijing", "gender": None,
    }  # fmt: skip


def test_a_merge_keeps_exactly_what_it_moved() -> None:
    kin = kinship(people(1, 2, 3))
    kin.merge(member_id(2), member_id(3), REASON)
    kin.link(mark("phone:1"), member_id(2), "activity")
    kin.merge(member_id(1), member_id(2), REASON)
    first, second = kin.merges
    assert (first.identifiers, first.members) == (("card_no:3",), ())
    assert second.identifiers == ("card_no:2", "card_no:3", "phone:1")
    assert second.members == (member_id(3),)
    assert kin.live(member_id(3)) == kin.owner("phone:1") == member_id(1)


def test_a_device_is_linked_but_merges_nobody_and_shows_nobody() -> None:
    kin = kinship(people(1, 2))
    told = Clue((mark("card_no:1"), mark("device_id:a")), None, "web")
    stitch(kin, [told])
    assert kin.owner("device_id:a") == member_id(1)
    stitch(kin, [Clue((mark("card_no:2"), mark("device_id:a")), None, "web")])
    assert kin.merges == []
    stitch(kin, [Clue((mark("device_id:a"), mark("phone:new")), None, "web")])
    assert kin.owner("phone:new") is None


def test_clues_are_followed_in_sequence() -> None:
    """An identifier that the first clue links makes the second one tell something."""
    kin = kinship(people(1))
    first = Clue((mark("card_no:1"), mark("phone:a")), None, "web")
    second = Clue((mark("phone:a"), mark("email:a")), None, "web")
    stitch(kin, [first, second])
    assert kin.owner("email:a") == member_id(1)
    other = kinship(people(1))
    stitch(other, [second, first])
    assert other.owner("email:a") is None


def test_only_identify_and_alias_are_clues() -> None:
    pair = [("phone", "1"), ("card_no", "1")]
    told = [activity(*pair, kind=kind) for kind in ("track", "page", "identify", "alias", "group")]
    alone = [activity(("phone", "1")), activity(("phone", "1"), member_id=member_id(1))]
    found = clues([batch([*told, *alone])])
    assert [len(clue.marks) for clue in found] == [2, 2, 1]
    assert found[2].member_id == member_id(1)


def test_nothing_is_created_where_no_member_is_known() -> None:
    kin = kinship([])
    (clue,) = clues([batch([activity(("phone", "1"), ("card_no", "1"))])])
    nobody: dict[Any, UUID] = {}
    assert not clue.changes(nobody.get, nobody.get)
    stitch(kin, [clue])
    assert kin.steps == [] and kin.owner(index("phone", "1")) is None


@given(st.lists(st.integers(0, 3), min_size=2, max_size=4))
def test_the_survivor_does_not_depend_on_the_sequence(days: list[int]) -> None:
    members = people(*days)
    told = [
        Clue((mark(f"card_no:{n}"), mark(f"card_no:{n + 1}")), None, "web")
        for n in range(1, len(days))
    ]
    survivors = set()
    for sequence in permutations(told):
        kin = kinship(members)
        stitch(kin, sequence)
        survivors.add(next(iter(kin.people)))
        assert len(kin.people) == 1
    assert survivors == {min(members, key=lambda one: (one.registered_at, one.member_id)).member_id}


MARKS = [f"card_no:{n}" for n in range(1, 6)] + [f"phone:{n}" for n in range(4)] + ["device_id:1"]
CLUE = st.builds(
    Clue,
    st.lists(st.sampled_from(MARKS), min_size=1, max_size=3, unique=True).map(
        lambda found: tuple(map(mark, found))
    ),
    st.none() | st.integers(1, 6).map(member_id),
    st.just("web"),
)


@given(st.lists(st.integers(0, 2), min_size=5, max_size=5), st.lists(CLUE, max_size=12))
def test_every_identifier_has_one_live_owner_and_every_step_can_be_undone(
    days: list[int], told: list[Clue]
) -> None:
    members = people(*days)
    kin = kinship(members)
    stitch(kin, told)
    for person in kin.people.values():
        assert all(kin.owner(found) == person.member_id for found in person.identifiers)
        assert all(kin.live(gone) == person.member_id for gone in person.absorbed)
    owned = [found for person in kin.people.values() for found in person.identifiers]
    assert len(owned) == len(set(owned)) == len(members) + len(kin.links)
    ever = {one for person in kin.people.values() for one in (person.member_id, *person.absorbed)}
    assert ever == {member.member_id for member in members}
    assert _undone(kin) == {member.member_id: set(member.identifiers) for member in members}


def _undone(kin: Kinship) -> dict[UUID, set[str]]:
    """Take every step back, the last one first, by nothing but its lineage."""
    owned = {person.member_id: set(person.identifiers) for person in kin.people.values()}
    for step in reversed(kin.steps):
        match step:
            case Merge():
                owned[step.survivor_id] -= set(step.identifiers)
                owned[step.absorbed_id] = set(step.identifiers)
            case Link():
                owned[step.member_id].remove(step.mark.index)
    return owned


def test_who_was_absorbed_long_ago_moves_along() -> None:
    old, young = people(0, 1)
    gone = member_id(9)
    kin = kinship([old, replace(young, absorbed=(gone,))])
    merge = kin.merge(old.member_id, young.member_id, REASON)
    assert merge.members == (gone,) and kin.live(gone) == old.member_id
