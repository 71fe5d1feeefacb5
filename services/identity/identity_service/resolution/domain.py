"""What an activity says about who is who. Pure.

Only `identify` and `alias` say it on purpose; everything else merely mentions identifiers. What a
trusted source says counts: strong identifiers that meet in one activity are one person's, owners of
them are merged, unknown ones are linked. Anybody can send what other sources say: that links a
device at most, and where it concerns several members it is something for people to look at. A
device (weak) gets linked to the member, but shows nobody's identity. Where no member is known
nothing is created: a member exists by registration only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.events import Activity, ActivityBatch, SealedIdentifier
from identity_service.identifiers.domain import Doubt, Strangers, doubt
from identity_service.matching.rules.identifiers import RULES
from identity_service.merges.domain import Kinship, Mark, Owned, Reason

TELLING = frozenset({"identify", "alias"})

OwnedOf = Callable[[str], Owned | None]
LiveOf = Callable[[UUID], UUID | None]


@dataclass(frozen=True, slots=True)
class Clue:
    """Identifiers, and perhaps a member, that one activity says are one person."""

    marks: tuple[Mark, ...]
    member_id: UUID | None
    told_by: str  # the write key's name
    trusted: bool = False

    def owners(self, owned: OwnedOf, live: LiveOf) -> dict[UUID, str | None]:
        """The members it shows, the most believed first, each with the index by which it is known.

        An identifier that its owner only claims shows nobody.
        """
        found: dict[UUID, str | None] = {}
        for mark in self.marks:
            owner = owned(mark.index) if mark.proves else None
            if owner is not None and owner.proven:
                found.setdefault(owner.member_id, mark.index)
        if self.member_id and (named := live(self.member_id)):
            found.setdefault(named, None)
        return found

    def links(self, mark: Mark, owner: Owned | None) -> bool:
        """Whether an identifier becomes the member's, who has it now or not."""
        if self.trusted:
            return owner is None or not owner.proven
        return owner is None and not mark.proves

    def changes(self, owned: OwnedOf, live: LiveOf) -> bool:
        """Whether it says anything that is not known and that counts."""
        owners = self.owners(owned, live)
        if len(owners) > 1:
            return self.trusted
        return bool(owners) and any(self.links(mark, owned(mark.index)) for mark in self.marks)

    def claims(self, owned: OwnedOf, live: LiveOf) -> Doubt | None:
        """Members whom somebody says to be one who cannot show it."""
        if self.trusted or len(owners := self.owners(owned, live)) < 2:
            return None
        return Doubt(tuple(owners), "claim", self.told_by)


def clues(batches: Iterable[ActivityBatch]) -> list[Clue]:
    """Activities that can link or merge, in their sequence; most can not, and cost little here."""
    return [
        Clue(_marks(activity), activity.member_id, batch.source, batch.trusted)
        for batch in batches
        for activity in batch.activities
        if activity.type in TELLING
        and len(activity.identifiers) + len(activity.previous) + bool(activity.member_id) > 1
    ]


def _marks(activity: Activity) -> tuple[Mark, ...]:
    found: Sequence[SealedIdentifier] = (*activity.identifiers, *activity.previous)
    marks = {one.index: Mark(one.index, one.kind, one.value) for one in found}
    return tuple(sorted(marks.values(), key=lambda mark: RULES[mark.kind].priority))


def stitch(kin: Kinship, found: Iterable[Clue], strangers: Strangers) -> list[Doubt]:
    """Follow every clue, in sequence; answers the merges that are for people to decide."""
    doubts = []
    for clue in found:
        owners = clue.owners(kin.owned, kin.live)
        if not owners or (len(owners) > 1 and not clue.trusted):
            continue
        if kin.apart(owners):  # staff knew better than the same evidence again
            continue
        if doubted := doubt(kin, owners, strangers):
            doubts.append(doubted)
            continue
        shown_by = next((index for index in owners.values() if index), "member_id")
        survivor = kin.unite(
            {
                owner: Reason(index or shown_by, "activity", clue.told_by)
                for owner, index in owners.items()
            }
        )
        for mark in clue.marks:
            if clue.links(mark, kin.owned(mark.index)):
                kin.link(mark, survivor, "activity", proven=clue.trusted)
    return doubts
