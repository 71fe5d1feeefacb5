"""Terms of a paid membership: never renewed by itself, ended at any time, refunded by its plan."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.points.paid_memberships import Plan
from points_service.calendar import day_of, months_later
from points_service.ledger.domain import Account, AccountKind, Journal, JournalKind, entries


@dataclass(frozen=True, slots=True)
class PaidMembership:
    """One term. `plan` is as it was bought, `ends_on` the first day without it, `renews` the term
    that it follows.
    """

    membership_id: UUID
    plan_id: str
    member_id: UUID
    plan: Plan
    tender: str
    fee_fen: int
    starts_on: date
    ends_on: date
    notice_on: date
    bought_at: datetime
    renews: UUID | None = None
    announced_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded_fen: int = 0
    benefit_used_at: datetime | None = None

    def status(self, now: datetime) -> str:
        """ahead, active, ended or cancelled."""
        if self.cancelled_at is not None:
            return "cancelled"
        today = day_of(now)
        if today < self.starts_on:
            return "ahead"
        return "active" if today < self.ends_on else "ended"


def term(
    plan: Plan,
    *,
    membership_id: UUID,
    member_id: UUID,
    tender: str,
    remind_days: int | None,
    starts_on: date,
    now: datetime,
    renews: UUID | None = None,
) -> PaidMembership:
    """A new term. Its end is announced as early as the member asks, at the latest as the plan."""
    ends_on = months_later(starts_on, plan.months)
    notice = max(plan.notice_days, remind_days or 0)
    return PaidMembership(
        membership_id=membership_id,
        plan_id=plan.plan_id,
        member_id=member_id,
        plan=plan,
        tender=tender,
        fee_fen=plan.fee_fen,
        starts_on=starts_on,
        ends_on=ends_on,
        notice_on=ends_on - timedelta(days=notice),
        bought_at=now,
        renews=renews,
    )


def refund_fen(found: PaidMembership, now: datetime) -> int:
    """What comes back if it ends now, in whole fen rounded down."""
    rule = found.plan.refund
    in_time = now < found.bought_at + timedelta(days=rule.full_days)
    if in_time and found.benefit_used_at is None:
        return found.fee_fen
    if rule.then == "nothing":
        return 0
    return found.fee_fen * unused_months(found, day_of(now)) // found.plan.months


def unused_months(found: PaidMembership, today: date) -> int:
    """Whole months of the term that have not begun."""
    begun = 0
    while begun < found.plan.months and months_later(found.starts_on, begun) <= today:
        begun += 1
    return found.plan.months - begun


def paid(found: PaidMembership) -> Journal:
    """The fee comes in."""
    return _journal(found, JournalKind.FEE, found.membership_id, found.bought_at, found.fee_fen)


def paid_back(found: PaidMembership, fen: int, journal_id: UUID, now: datetime) -> Journal:
    """Some of it goes out again."""
    return _journal(found, JournalKind.PAY_BACK, journal_id, now, -fen)


def _journal(
    found: PaidMembership, kind: JournalKind, journal_id: UUID, at: datetime, fen: int
) -> Journal:
    lines = entries(
        (Account(AccountKind.CASH, found.tender), -fen),
        (Account(AccountKind.SALES, f"membership:{found.plan_id}"), fen),
    )
    return Journal(journal_id, kind, f"membership/{found.membership_id}", at, lines)
