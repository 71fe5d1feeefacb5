"""A merge moves points, debts and growth to the survivor; nothing is gained or lost by it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import day_of, month_of, months_later
from points_service.ledger.domain import Journal, JournalKind, debt, entries, member
from points_service.lots.domain import Lot, Use, consume, total
from points_service.members.domain import NOTHING, Member, climbed, step
from points_service.tiers.domain import Ladder, Step


@dataclass(frozen=True, slots=True)
class Merge:
    """Two members are one person."""

    merge_id: UUID
    survivor_id: UUID
    absorbed_id: UUID
    merged_at: datetime


def waves(merges: Sequence[Merge], absorbed: Mapping[UUID, UUID]) -> Iterator[list[Merge]]:
    """The merges in their order, by the living members of the moment, nobody twice in a wave.

    `absorbed` says who answers for ids that were merged before.
    """
    roots, wave, touched = dict(absorbed), list[Merge](), set[UUID]()
    for merge in merges:
        kept = roots.get(merge.survivor_id, merge.survivor_id)
        gone = roots.get(merge.absorbed_id, merge.absorbed_id)
        if kept == gone:  # they are one already
            continue
        if {kept, gone} & touched:
            yield wave
            wave, touched = [], set()
        roots |= {earlier: kept for earlier, living in roots.items() if living == gone}
        roots[gone] = kept
        wave.append(replace(merge, survivor_id=kept, absorbed_id=gone))
        touched |= {kept, gone}
    if wave:
        yield wave


@dataclass(slots=True)
class Decided:
    """What has to be written."""

    members: dict[UUID, Member]
    lots: list[Lot]
    journals: list[Journal] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def decide(
    merges: Sequence[Merge],
    known: Mapping[UUID, Member],
    lots: Sequence[Lot],
    *,
    ladder: Ladder,
    journals: Mapping[UUID, UUID],
) -> Decided:
    """The merges of a wave; `journals` are the ids of their bookings, by merge.

    `lots` are needed only where somebody owes points that another one may have.
    """
    decided = Decided(dict(known), list(lots))
    for merge in merges:
        _merge(
            decided,
            merge,
            survivor=decided.members[merge.survivor_id],
            gone=decided.members.pop(merge.absorbed_id),
            ladder=ladder,
            journal_id=journals[merge.merge_id],
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
    two = {survivor.member_id, gone.member_id}
    held = [lot for lot in decided.lots if lot.member_id in two]
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
