"""What an activity says about who is who. Pure.

Only `identify` and `alias` say it on purpose; everything else merely mentions identifiers. Strong
identifiers that meet in one activity are one person's: owners of them are merged, unknown ones are
linked. A device (weak) gets linked to the member, but shows nobody's identity. Where no member is
known nothing is created: a member exists by registration only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.events import Activity, ActivityBatch, SealedIdentifier
from identity_service.merges.domain import Kinship, Mark, Reason

TELLING = frozenset({"identify", "alias"})


@dataclass(frozen=True, slots=True)
class Clue:
    """Identifiers, and perhaps a member, that one activity says are one person."""

    marks: tuple[Mark, ...]
    member_id: UUID | None
    told_by: str  # the write key's name

    def owners(
        self, owner_of: Callable[[str], UUID | None], live: Callable[[UUID], UUID | None]
    ) -> dict[UUID, str | None]:
        """The members it shows, in sequence, each with the index by which it is known."""
        found: dict[UUID, str | None] = {}
        for mark in self.marks:
            if mark.proves and (owner := owner_of(mark.index)):
                found.setdefault(owner, mark.index)
        if self.member_id and (named := live(self.member_id)):
            found.setdefault(named, None)
        return found

    def changes(
        self, owner_of: Callable[[str], UUID | None], live: Callable[[UUID], UUID | None]
    ) -> bool:
        """Whether it says anything that is not known."""
        owners = self.owners(owner_of, live)
        unknown = any(owner_of(mark.index) is None for mark in self.marks)
        return len(owners) > 1 or (bool(owners) and unknown)


def clues(batches: Iterable[ActivityBatch]) -> list[Clue]:
    """Activities that can link or merge, in their sequence; most can not, and cost little here."""
    return [
        Clue(_marks(activity), activity.member_id, batch.source)
        for batch in batches
        for activity in batch.activities
        if activity.type in TELLING
        and len(activity.identifiers) + len(activity.previous) + bool(activity.member_id) > 1
    ]


def _marks(activity: Activity) -> tuple[Mark, ...]:
    found: Sequence[SealedIdentifier] = (*activity.identifiers, *activity.previous)
    marks = {one.index: Mark(one.index, one.kind, one.value) for one in found}
    return tuple(marks.values())


def stitch(kin: Kinship, found: Iterable[Clue]) -> None:
    """Follow every clue, in sequence."""
    for clue in found:
        owners = clue.owners(kin.owner, kin.live)
        if not owners or kin.apart(owners):  # staff knew better than the same evidence again
            continue
        shown_by = next((index for index in owners.values() if index), "member_id")
        survivor = kin.unite(
            {
                owner: Reason(index or shown_by, "activity", clue.told_by)
                for owner, index in owners.items()
            }
        )
        for mark in clue.marks:
            if kin.owner(mark.index) is None:
                kin.link(mark, survivor, "activity")
