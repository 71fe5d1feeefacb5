"""A hold sets points aside; it is resolved once, by posting, voiding or its own end.

What it set aside stays out of the lots. Posting passes it on to the journal that spends it, so a
refund finds it there; the rest goes back to the very lots, with their own dates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from points_service.ledger.domain import (
    Journal,
    JournalKind,
    entries,
    held,
    honouring,
    member,
)
from points_service.lots.domain import (
    Depreciation,
    Lot,
    Part,
    Passed,
    Restore,
    Use,
    consume,
    give_back,
    redeemable,
    split,
)
from points_service.members.domain import Member
from points_service.redemption.domain import PROGRAMME


class Status(StrEnum):
    """What became of a hold."""

    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Hold:
    """`member_id` follows merges, `account_owner` never changes; `parts` are loaded by `lock`."""

    hold_id: UUID
    member_id: UUID
    account_owner: UUID
    points: int
    store: str | None
    order_no: str | None
    reason: str
    held_at: datetime
    expires_at: datetime
    status: Status = Status.OPEN
    posted: int = 0
    resolved_at: datetime | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A new hold and what has to be written."""

    hold: Hold
    balance: int
    journal: Journal
    uses: list[Use]


@dataclass(frozen=True, slots=True)
class Settlement:
    """A resolved hold and what has to be written.

    `redemption_id` is the journal that spent `hold.posted` points, None where nothing was spent.
    """

    hold: Hold
    journals: list[Journal]
    redemption_id: UUID | None = None
    passed: list[Passed] = field(default_factory=list)
    restores: list[Restore] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    back: int = 0  # points the member has again


def place(
    before: Member,
    lots: Sequence[Lot],
    points: int,
    *,
    store: str | None,
    order_no: str | None,
    reason: str,
    hold_id: UUID,
    now: datetime,
    expires_at: datetime,
) -> Placed | None:
    """Set points aside; None where there are not enough."""
    if redeemable(lots, now) < points:
        return None
    owner = before.member_id
    lines = entries((member(owner), -points), (held(owner), points))
    return Placed(
        hold=Hold(hold_id, owner, owner, points, store, order_no, reason, now, expires_at),
        balance=before.balance - points,
        journal=Journal(hold_id, JournalKind.HOLD, str(hold_id), now, lines),
        uses=consume(lots, points, hold_id, now),
    )


def objection(hold: Hold | None, holder: UUID, at: datetime) -> tuple[str, str] | None:
    """Why this (living) member's hold cannot be posted at that moment: (code, title), or None."""
    if hold is None or hold.member_id != holder:
        return "unknown_hold", "The member has no such hold"
    if hold.status is not Status.OPEN:
        return "hold_resolved", f"This hold is {hold.status} already"
    if at >= hold.expires_at:
        return "hold_expired", "This hold has reached its end"
    return None


def post(
    hold: Hold,
    *,
    store: str | None,
    order_no: str | None,
    journal_id: UUID,
    now: datetime,
    points: int | None = None,
) -> Settlement:
    """Spend the hold (or `points` of it, oldest first; `release` gives back the rest).

    `store` and `order_no` default to what the hold itself names.
    """
    spent, rest = split(hold.parts, hold.points if points is None else points)
    posted = sum(part.points for part in spent)
    hold = replace(
        hold,
        status=Status.POSTED,
        posted=posted,
        resolved_at=now,
        store=store or hold.store,
        order_no=order_no or hold.order_no,
        parts=tuple(rest),
    )
    lines = entries(
        (held(hold.account_owner), -posted), (honouring(hold.store or PROGRAMME), posted)
    )
    return Settlement(
        hold=hold,
        journals=[Journal(journal_id, JournalKind.POST, str(hold.hold_id), now, lines)],
        redemption_id=journal_id,
        passed=[Passed(hold.hold_id, journal_id, part.lot.lot_id, part.points) for part in spent],
    )


def release(
    hold: Hold,
    status: Status,
    *,
    owed: int,
    depreciations: Sequence[Depreciation],
    journal_id: UUID,
    now: datetime,
) -> Settlement:
    """Give back all that is left of a hold; what the member owes is paid first."""
    points = sum(part.points for part in hold.parts)
    returned = give_back(
        hold.hold_id,
        hold.parts,
        owed=owed,
        since=hold.held_at,
        depreciations=depreciations,
        journal_id=journal_id,
        now=now,
    )
    lines = entries((held(hold.account_owner), -points), *returned.lines(hold.member_id))
    return Settlement(
        hold=replace(hold, status=status, resolved_at=now, parts=()),
        journals=[Journal(journal_id, JournalKind.VOID, str(hold.hold_id), now, lines)],
        restores=returned.restores,
        uses=returned.uses,
        back=returned.live - sum(use.points for use in returned.uses),
    )


def settle(
    hold: Hold,
    points: int,
    *,
    owed: int,
    depreciations: Sequence[Depreciation],
    new_id: Callable[[], UUID],
    now: datetime,
) -> Settlement:
    """Spend `points` of a hold and give back the others."""
    posted = post(hold, store=None, order_no=None, journal_id=new_id(), now=now, points=points)
    if not posted.hold.parts:
        return posted
    rest = release(
        posted.hold,
        Status.POSTED,
        owed=owed,
        depreciations=depreciations,
        journal_id=new_id(),
        now=now,
    )
    return replace(
        rest,
        journals=[*posted.journals, *rest.journals],
        redemption_id=posted.redemption_id,
        passed=posted.passed,
    )
