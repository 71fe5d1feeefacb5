"""A merge moves points, debts and growth to the survivor; nothing is gained or lost by it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import day_of, month_of, months_later
from points_service.ledger.domain import Journal, JournalKind, debt, entries, member
from points_service.lots.domain import Lot, Use, consume, less, total
from points_service.members.domain import NOTHING, Member, climbed, step
from points_service.tiers.domain import Ladder, Step


@dataclass(frozen=True, slots=True)
class Merge:
    """Two members are one person."""

    merge_id: UUID
    survivor_id: UUID
    absorbed_id: UUID
    merged_at: datetime


@dataclass(slots=True)
class Decided:
    """`absorbed` maps each absorbed id to the one that answers for it in the end."""

    members: dict[UUID, Member]
    lots: list[Lot]
    absorbed: dict[UUID, UUID]
    journals: list[Journal] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def decide(
    merges: Sequence[Merge],
    known: Mapping[UUID, Member],
    absorbed: Mapping[UUID, UUID],
    lots: Sequence[Lot],
    *,
    ladder: Ladder,
    new_id: Callable[[], UUID],
) -> Decided:
    """Merges in the order in which they happened; a survivor may be absorbed by a later one.

    `lots` are needed only where somebody owes points that another one may have.
    """
    decided = Decided(dict(known), list(lots), dict(absorbed))
    for merge in merges:
        survivor = decided.absorbed.get(merge.survivor_id, merge.survivor_id)
        gone = decided.absorbed.get(merge.absorbed_id, merge.absorbed_id)
        if survivor == gone:  # they are one already
            continue
        for earlier, living in decided.absorbed.items():
            if living == gone:
                decided.absorbed[earlier] = survivor
        decided.absorbed[gone] = survivor
        _merge(
            decided,
            merge,
            survivor=decided.members[survivor],
            gone=decided.members.pop(gone),
            ladder=ladder,
            journal_id=new_id(),
        )
    return decided


def _merge(
    decided: Decided,
    merge: Merge,
    *,
    survivor: Member,
    gone: Member,
    ladder: Ladder,
    journal_id: UUID,
) -> None:
    decided.lots = [
        replace(lot, member_id=decided.absorbed.get(lot.member_id, lot.member_id))
        for lot in decided.lots
    ]
    held = [lot for lot in decided.lots if lot.member_id == survivor.member_id]
    uses = consume(held, survivor.owed + gone.owed, journal_id, merge.merged_at)
    paid = total(uses)
    one = replace(
        _joined(survivor, gone, ladder),
        balance=survivor.balance + gone.balance - paid,
        owed=survivor.owed + gone.owed - paid,
    )
    tier = climbed(one, ladder, month_of(merge.merged_at))
    one = one.moved(tier, day_of(merge.merged_at))
    lines = entries(
        (member(gone.member_id), -gone.balance),
        (member(survivor.member_id), gone.balance - paid),
        (debt(gone.member_id), gone.owed),
        (debt(survivor.member_id), paid - gone.owed),
    )
    if lines:
        ref = str(merge.merge_id)
        journal = Journal(journal_id, JournalKind.MERGE, ref, merge.merged_at, lines)
        decided.journals.append(journal)
    if moved := step(survivor, one.tier, "merge", merge.merged_at):
        decided.steps.append(moved)
    decided.lots = less(decided.lots, uses)
    decided.uses += uses
    decided.members[survivor.member_id] = one


def _joined(survivor: Member, gone: Member, ladder: Ladder) -> Member:
    """Growth, referrals and spend add up; the higher tier stays, with its period and warning."""
    month = max(survivor.month, gone.month)
    before = months_later(month, -1)
    best = max(
        (survivor, gone),
        key=lambda one: (ladder.place(one.tier), one.falls_on or date.max, one.kept_since),
    )
    past = None
    if survivor.past is not None and gone.past is not None:
        past = dict(survivor.past)
        for each, more in gone.past.items():
            past[each] = past.get(each, NOTHING).plus(more)
    return replace(
        survivor,
        tier=best.tier,
        kept_since=best.kept_since,
        warned_on=best.warned_on,
        falls_on=best.falls_on,
        past=past,
        social=survivor.social + gone.social,
        growth=survivor.growth + gone.growth,
        referrals=survivor.referrals + gone.referrals,
        month=month,
        month_fen=survivor.spent_in(month) + gone.spent_in(month),
        previous_fen=survivor.spent_in(before) + gone.spent_in(before),
    )
