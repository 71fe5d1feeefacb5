"""Which ids are one member, what a merge moves, and who survives. Pure: saved by `repository`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.classification import Kind
from identity_service.matching.rules.identifiers import RULES

FILLABLE = (
    "name", "gender", "birthday", "birth_year", "birth_month", "address", "city", "region",
)  # fmt: skip

Attributes = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """An identifier: its index, its kind, and its sealed value if that was sent along."""

    index: str
    kind: Kind
    value: str | None

    @property
    def proves(self) -> bool:
        """Whether sharing it makes two members one."""
        return RULES[self.kind].strength != "weak"


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose an index is. Not `proven`: only said to be; whoever can show it takes it over."""

    member_id: UUID
    proven: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A surviving member: attributes (None is a gap), the ids it absorbed, the indexes it owns.

    `filled` says of attributes that merges filled whose own they are.
    """

    member_id: UUID
    registered_at: datetime
    attributes: Attributes = field(default_factory=dict)
    absorbed: tuple[UUID, ...] = ()
    identifiers: tuple[str, ...] = ()
    filled: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the shared identifier's index or a staff member's reason; where from; who."""

    evidence: str
    source: str
    actor: str


@dataclass(frozen=True, slots=True)
class Link:
    """An identifier got its first owner, or one who could show what another one only said."""

    mark: Mark
    member_id: UUID
    source: str
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Merge:
    """`absorbed_id` became `survivor_id`; exactly these identifiers, ids and attributes moved."""

    merge_id: UUID
    survivor_id: UUID
    absorbed_id: UUID
    merged_at: datetime
    reason: Reason
    identifiers: tuple[str, ...]
    members: tuple[UUID, ...]
    filled: tuple[str, ...]
    undone_at: datetime | None = None


def seniority(person: Person) -> tuple[datetime, UUID]:
    """The smallest survives: who registered first, then the smaller id."""
    return person.registered_at, person.member_id


class Kinship:
    """The members that a transaction touches, and what happens to them, in sequence.

    `people` are live; `owners` says who owns an index (absent: nobody); `roots` says which live
    member an id answers as; `kept_apart` are pairs that were split and that staff alone may make
    one again; `claimed` are indexes whose owner only says so. `steps` has everything that happens.
    """

    def __init__(
        self,
        people: Collection[Person],
        owners: Mapping[str, UUID],
        roots: Mapping[UUID, UUID],
        now: datetime,
        new_id: Callable[[], UUID],
        *,
        kept_apart: Collection[tuple[UUID, UUID]] = (),
        claimed: Collection[str] = (),
    ) -> None:
        self._kept_apart = tuple(kept_apart)
        self._claimed = set(claimed)
        self.people = {person.member_id: person for person in people}
        self.now = now
        self.steps: list[Link | Merge] = []
        self._owners, self._new_id = dict(owners), new_id
        earlier = {gone: person.member_id for person in people for gone in person.absorbed}
        self._roots = earlier | dict(roots)  # their absorbed ids move along in a further merge

    def live(self, member_id: UUID) -> UUID | None:
        """The surviving member an id answers as; None for an id that is not a member's."""
        if member_id not in self.people and member_id not in self._roots:
            return None
        while member_id not in self.people:
            member_id = self._roots[member_id]
        return member_id

    def owner(self, index: str) -> UUID | None:
        """The surviving member that owns an index."""
        owner = self._owners.get(index)
        return None if owner is None else self.live(owner)

    def owned(self, index: str) -> Owned | None:
        """Who owns an index, and whether that was shown."""
        owner = self.owner(index)
        return None if owner is None else Owned(owner, index not in self._claimed)

    def apart(self, members: Collection[UUID]) -> bool:
        """Whether two of these live members were split before."""
        return any(
            one != other and {one, other} <= set(members)
            for one, other in ((self.live(a), self.live(b)) for a, b in self._kept_apart)
            if one and other
        )

    def link(self, mark: Mark, member_id: UUID, source: str, *, proven: bool = True) -> None:
        """Give a live member an index that nobody owns, or that is only claimed."""
        before = self.owned(mark.index)
        if before is not None:
            assert not before.proven
            former = self.people[before.member_id]
            kept = tuple(index for index in former.identifiers if index != mark.index)
            self.people[before.member_id] = replace(former, identifiers=kept)
        person = self.people[member_id]
        self._owners[mark.index] = member_id
        self._claimed.discard(mark.index)
        if not proven:
            self._claimed.add(mark.index)
        self.people[member_id] = replace(person, identifiers=(*person.identifiers, mark.index))
        self.steps.append(Link(mark, member_id, source, proven))

    def merge(self, survivor_id: UUID, absorbed_id: UUID, reason: Reason) -> Merge:
        """Make one of two live members; the absorbed one fills the survivor's gaps only."""
        survivor, absorbed = self.people[survivor_id], self.people.pop(absorbed_id)
        gaps = {
            name: absorbed.attributes[name]
            for name in FILLABLE
            if survivor.attributes.get(name) is None and absorbed.attributes.get(name) is not None
        }
        self._roots[absorbed_id] = survivor_id
        self.people[survivor_id] = replace(
            survivor,
            attributes={**survivor.attributes, **gaps},
            absorbed=(*survivor.absorbed, absorbed_id, *absorbed.absorbed),
            identifiers=(*survivor.identifiers, *absorbed.identifiers),
            filled={
                **survivor.filled,
                **{name: absorbed.filled.get(name, absorbed_id) for name in gaps},
            },
        )
        merge = Merge(
            self._new_id(), survivor_id, absorbed_id, self.now, reason,
            absorbed.identifiers, absorbed.absorbed, tuple(gaps),
        )  # fmt: skip
        self.steps.append(merge)
        return merge

    def unite(self, reasons: Mapping[UUID, Reason]) -> UUID:
        """Make all these live members one, each for its reason; answers the survivor."""
        survivor, *others = sorted((self.people[member] for member in reasons), key=seniority)
        for other in others:
            self.merge(survivor.member_id, other.member_id, reasons[other.member_id])
        return survivor.member_id

    @property
    def links(self) -> list[Link]:
        """The links among the steps."""
        return [step for step in self.steps if isinstance(step, Link)]

    @property
    def merges(self) -> list[Merge]:
        """The merges among the steps."""
        return [step for step in self.steps if isinstance(step, Merge)]

    def filled(self, name: str) -> list[tuple[UUID, str]]:
        """The survivors that got this attribute by the merges, and its value."""
        found = {self.live(merge.survivor_id) for merge in self.merges if name in merge.filled}
        people = [self.people[member_id] for member_id in found if member_id]
        return [(each.member_id, str(each.attributes[name])) for each in people]
