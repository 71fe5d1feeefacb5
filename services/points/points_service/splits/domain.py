"""Who gets what when a merge is taken back. Pure: saved by `repository`.

What came along with the absorbed member returns; what came while the two were one stays with the
survivor. Points are lots: each returns with what is left in it, and what the survivor took out of
it meanwhile becomes a lot of its own there, so that a later refund finds it where it was spent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from points_service.ledger.domain import BREAKAGE, Journal, JournalKind, debt, entries, member
from points_service.lots.domain import (
    Depreciation,
    Lot,
    Part,
    Restore,
    Use,
    consume,
    give_back,
    total,
)
from points_service.merges.carried import Carried, Kept, Row


@dataclass(frozen=True, slots=True)
class Undone:
    """A merge to take back: `owed` is the debt that came along, `parts` what paid debts then."""

    merge_id: UUID
    root: UUID
    restored: UUID
    merged_at: datetime
    journal_id: UUID | None
    owed: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a journal of the survivor has out of a lot that returns."""

    lot: Lot
    journal_id: UUID
    points: int


def own_lots(taken: Sequence[Taken], root: UUID, new_id: Callable[[], UUID]) -> dict[UUID, Lot]:
    """Lots of the survivor for what it took out of lots that return, by the lot that returns."""
    sums: dict[UUID, int] = {}
    for each in taken:
        sums[each.lot.lot_id] = sums.get(each.lot.lot_id, 0) + each.points
    by_id = {each.lot.lot_id: each.lot for each in taken}
    return {
        lot_id: replace(
            by_id[lot_id],
            lot_id=new_id(),
            member_id=root,
            points=points,
            remaining=0,
            expired=0,
            moved_from=lot_id,
        )
        for lot_id, points in sums.items()
    }


def points(
    undone: Undone,
    lots: Sequence[Lot],
    *,
    balance: int,
    owed: int,
    depreciations: Sequence[Depreciation],
    journal_id: UUID,
    now: datetime,
) -> tuple[list[Restore], list[Use], Journal | None]:
    """Share points and debts out: `lots` have whose they are now, `balance` and `owed` are both's.

    Debts that the merge paid are open again and the points back in their lots; of all debts the
    restored one has what it brought, and each side pays its own out of its own lots.
    """
    back = give_back(
        undone.journal_id or journal_id,
        undone.parts,
        owed=0,
        since=undone.merged_at,
        depreciations=depreciations,
        journal_id=journal_id,
        now=now,
    )
    refilled = _refilled(lots, back.restores)
    paid_then = sum(part.points for part in undone.parts)
    debts = {undone.restored: min(undone.owed, owed + paid_then)}
    debts[undone.root] = owed + paid_then - debts[undone.restored]
    before = {undone.root: (balance, owed), undone.restored: (0, 0)}
    uses: list[Use] = []
    lines = [(BREAKAGE, back.dead)]
    for who, due in debts.items():
        mine = [lot for lot in refilled if lot.member_id == who]
        pays = consume(mine, due, journal_id, now)
        uses += pays
        has = sum(lot.remaining for lot in mine) - total(pays)
        lines.append((member(who), has - before[who][0]))
        lines.append((debt(who), before[who][1] - (due - total(pays))))
    booked = entries(*lines)
    journal = Journal(journal_id, JournalKind.SPLIT, str(undone.merge_id), now, booked)
    return back.restores, uses, journal if booked else None


def _refilled(lots: Sequence[Lot], restores: Sequence[Restore]) -> list[Lot]:
    live: dict[UUID, int] = {}
    for each in restores:
        if each.live:
            live[each.lot_id] = live.get(each.lot_id, 0) + each.points
    return [replace(lot, remaining=lot.remaining + live.get(lot.lot_id, 0)) for lot in lots]


@dataclass(frozen=True, slots=True)
class Link:
    """A merge in force on the way from the restored member to the survivor."""

    absorbed: UUID
    into: UUID
    carried: Carried


@dataclass(slots=True)
class Rows:
    """Rows of which a member has one a key: what the restored one gets, and the survivor loses."""

    restored: list[tuple[str, Row]]
    taken: list[tuple[str, Row]]
    instead: list[tuple[str, Row]]


def once(chain: Sequence[Link], live: Mapping[tuple[str, ...], Row]) -> Rows:
    """Follow each row upwards as far as it was taken over; `live` are the survivor's, by key.

    Memories of the merges above lose it, too. `chain` begins with the merge that is undone.
    """
    rows = Rows([], [], [])
    for kept in chain[0].carried.kept:
        row, here = kept.row, kept
        for above in chain[1:]:
            if not here.taken:
                break
            here = next(each for each in above.carried.kept if each.key == kept.key)
            row = here.row
            above.carried.kept.remove(here)
            if kept.instead is not None:
                above.carried.kept.append(Kept(here.table, kept.instead, here.taken, here.instead))
        if here.taken and (found := live.get(kept.key)):
            row = found
            rows.taken.append((kept.table, found))
            if (instead := kept.instead or here.instead) is not None:
                rows.instead.append((kept.table, instead))
        rows.restored.append((kept.table, row))
    return rows


def forget(chain: Sequence[Link]) -> None:
    """Memories of the merges above lose what the restored member had brought."""
    brought = chain[0].carried
    for above in chain[1:]:
        known = above.carried
        known.social -= brought.social
        known.referrals -= brought.referrals
        for month, count in brought.interactions.items():
            known.interactions[month] = known.interactions.get(month, 0) - count
        uses = {(rule, day): used for rule, day, used in known.rule_use}
        for rule, day, used in brought.rule_use:
            uses[rule, day] = max(0, uses.get((rule, day), 0) - used)
        known.rule_use = [(rule, day, used) for (rule, day), used in uses.items() if used]
