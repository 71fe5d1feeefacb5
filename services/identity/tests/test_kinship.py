"""The rules of merging, without a database."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from services.identity.tests.samples import activity, batch, index, member_id

from contracts.classification import Kind
from identity_service.identifiers.domain import Doubt
from identity_service.matching.rules.identifiers import RULES
from identity_service.merges.domain import Kinship, Link, Mark, Merge, Owned, Person, Reason
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


def follow(kin: Kinship, found: Iterable[Clue]) -> list[Doubt]:
    return stitch(kin, found, lambda _one, _other: False)


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
    told = Clue((mark("card_no:1"), mark("device_id:a")), None, "web", True)
    follow(kin, [told])
    assert kin.owner("device_id:a") == member_id(1)
    follow(kin, [Clue((mark("card_no:2"), mark("device_id:a")), None, "web", True)])
    assert kin.merges == []
    follow(kin, [Clue((mark("device_id:a"), mark("phone:new")), None, "web", True)])
    assert kin.owner("phone:new") is None


def test_clues_are_followed_in_sequence() -> None:
    """An identifier that the first clue links makes the second one tell something."""
    kin = kinship(people(1))
    first = Clue((mark("card_no:1"), mark("phone:a")), None, "web", True)
    second = Clue((mark("phone:a"), mark("email:a")), None, "web", True)
    follow(kin, [first, second])
    assert kin.owner("email:a") == member_id(1)
    other = kinship(people(1))
    follow(other, [second, first])
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
    assert not clue.changes(kin.owned, kin.live)
    follow(kin, [clue])
    assert kin.steps == [] and kin.owner(index("phone", "1")) is None


@given(st.lists(st.integers(0, 3), min_size=2, max_size=4))
def test_the_survivor_does_not_depend_on_the_sequence(days: list[int]) -> None:
    members = people(*days)
    told = [
        Clue((mark(f"card_no:{n}"), mark(f"card_no:{n + 1}")), None, "web", True)
        for n in range(1, len(days))
    ]
    survivors = set()
    for sequence in permutations(told):
        kin = kinship(members)
        follow(kin, sequence)
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
    st.booleans(),
)


@given(st.lists(st.integers(0, 2), min_size=5, max_size=5), st.lists(CLUE, max_size=12))
def test_every_identifier_has_one_live_owner_and_every_step_can_be_undone(
    days: list[int], told: list[Clue]
) -> None:
    members = people(*days)
    kin = kinship(members)
    follow(kin, told)
    for person in kin.people.values():
        assert all(kin.owner(found) == person.member_id for found in person.identifiers)
        assert all(kin.live(gone) == person.member_id for gone in person.absorbed)
    owned = [found for person in kin.people.values() for found in person.identifiers]
    linked = {link.mark.index for link in kin.links}
    assert len(owned) == len(set(owned)) == len(members) + len(linked)
    ever = {one for person in kin.people.values() for one in (person.member_id, *person.absorbed)}
    assert ever == {member.member_id for member in members}
    if all(clue.trusted for clue in told):  # else what was only said may have changed hands
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


CLIENT: dict[str, Any] = {"member_id": None, "told_by": "app", "trusted": False}


def test_what_anybody_can_say_merges_nobody_and_links_nothing_strong() -> None:
    kin = kinship(people(1, 2))
    both = Clue((mark("card_no:1"), mark("card_no:2"), mark("device_id:a")), **CLIENT)
    assert follow(kin, [both]) == [] and kin.steps == []
    assert both.claims(kin.owned, kin.live) == Doubt((member_id(1), member_id(2)), "claim", "app")
    follow(kin, [Clue((mark("card_no:1"), mark("phone:new"), mark("device_id:a")), **CLIENT)])
    assert [link.mark.index for link in kin.links] == ["device_id:a"]
    assert kin.owned("device_id:a") == Owned(member_id(1), proven=False)
    shown = Clue((mark("card_no:2"), mark("device_id:a")), None, "web", True)
    follow(kin, [shown, Clue(shown.marks[:1] + both.marks[2:], **CLIENT)])
    assert kin.owned("device_id:a") == Owned(member_id(2), proven=True)
    assert not shown.changes(kin.owned, kin.live)


def test_an_identifier_that_is_only_claimed_shows_nobody() -> None:
    """Somebody says that another one's card is theirs; the shop's server knows better."""
    kin = kinship(people(1, 2))
    kin.link(mark("card_no:x"), member_id(1), "member", proven=False)
    told = Clue((mark("card_no:2"), mark("card_no:x")), None, "web", True)
    follow(kin, [told])
    assert kin.merges == [] and kin.owned("card_no:x") == Owned(member_id(2), proven=True)
    assert kin.people[member_id(1)].identifiers == ("card_no:1",)


def test_a_phone_makes_one_of_so_many_and_then_people_decide() -> None:
    """A shop's own number, typed in for hundreds of customers."""
    limit = RULES[Kind.PHONE].ids
    kin = kinship([replace(one, identifiers=()) for one in people(*range(limit + 2))])
    kin.link(mark("phone:shop"), member_id(1), "registration")
    told = [
        Clue((mark("phone:shop"),), member_id(number), "web", True)
        for number in range(2, limit + 3)
    ]
    doubts = follow(kin, told)
    assert len(kin.merges) == limit - 1
    assert [(each.why, each.about) for each in doubts] == [("limit", "phone")] * 2


def test_a_phone_gives_nobody_more_cards_than_a_person_has() -> None:
    each = RULES[Kind.WECHAT_UNIONID].each
    assert each == 1
    one, other = people(1, 2)
    kin = kinship(
        [
            replace(one, identifiers=("wechat_unionid:1", "phone:a")),
            replace(other, identifiers=("wechat_unionid:2",)),
        ]
    )
    (found,) = follow(kin, [Clue((mark("phone:a"),), member_id(2), "web", True)])
    assert (found.why, found.about, kin.merges) == ("limit", "wechat_unionid", [])


def test_a_phone_that_was_handed_on_or_is_a_familys_merges_no_strangers() -> None:
    for kind, merged in (("phone", 0), ("wechat_openid", 1)):
        one, other = people(1, 2)
        kin = kinship([replace(one, identifiers=(f"{kind}:a",)), other])
        told = Clue((mark(f"{kind}:a"), mark("card_no:2")), None, "till", True)
        doubts = stitch(kin, [told], lambda _one, _other: True)
        assert (len(kin.merges), len(doubts)) == (merged, 1 - merged)
