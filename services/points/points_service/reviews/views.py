"""Where a member stands, and how members moved: answers of the API, nothing here changes."""

from datetime import date, timedelta
from uuid import UUID

from chassis.database import Tx
from contracts.points import tiers as api
from contracts.points.common import Words
from points_service.calendar import day_of, month_of, start_of
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import existing
from points_service.programme import Programme
from points_service.reviews import repository
from points_service.reviews.domain import kept_until, lands_on
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Condition, Ladder
from points_service.tiers.rules.rule import Standing

HISTORY = 50


async def tier(tx: Tx, programme: Programme, member_id: UUID) -> api.MemberTier:
    """Tier, warning, the way to the next, and history; raises Problem 404."""
    ladder = await tiers.ladder(tx, programme.ladder_id)
    month = month_of(tx.now)
    member = await existing(tx, member_id, ladder.since(month))
    standing = member.standing(month)
    rung, above = ladder.rung(member.tier), ladder.above(member.tier)
    everybody = await members.everybody(tx, member.member_id)
    return api.MemberTier(
        member_id=member.member_id,
        ladder_id=ladder.ladder_id,
        tier=rung.name,
        title=Words(zh=rung.zh, en=rung.en),
        kept_until=_kept_until(member, ladder),
        warning=_warning(member, ladder, standing),
        next_tier=above.name if above else None,
        next_conditions=[_progress(each, standing) for each in (above.conditions if above else ())],
        history=[
            api.TierStep(
                tier=step.tier,
                previous=step.previous,
                reason=step.reason,
                changed_at=step.changed_at,
            )
            for step in await tiers.history(tx, everybody, HISTORY)
        ],
        warnings=[
            api.PastWarning(
                tier=each.tier,
                falls_to=each.falls_to,
                warned_on=each.warned_on,
                falls_on=each.falls_on,
            )
            for each in await repository.of(tx, everybody, HISTORY)
        ],
    )


def _kept_until(member: Member, ladder: Ladder) -> date | None:
    if not ladder.place(member.tier):
        return None
    period = kept_until(ladder, member.kept_since)
    return max(period, member.falls_on) if member.falls_on else period


def _warning(member: Member, ladder: Ladder, standing: Standing) -> api.TierWarning | None:
    if member.warned_on is None or member.falls_on is None:
        return None
    rung = ladder.rung(member.tier)
    return api.TierWarning(
        warned_on=member.warned_on,
        falls_on=member.falls_on,
        falls_to=lands_on(ladder, member.tier, ladder.review(standing)),
        missing=[_progress(each, standing) for each in rung.conditions if not each.met(standing)],
    )


def _progress(condition: Condition, standing: Standing) -> api.TierProgress:
    return api.TierProgress(
        kind=condition.kind,
        at_least=condition.at_least,
        months=condition.months,
        reached=condition.reached(standing),
    )


async def movements(tx: Tx, first: date | None, last: date | None) -> api.TierMovements:
    """Changes of tier and warnings by month, first and last day included."""
    end = (last or day_of(tx.now)) + timedelta(days=1)
    moved = await tiers.movements(tx, start_of(first) if first else None, start_of(end))
    warned = await repository.by_month(tx, first, end)
    return api.TierMovements(
        data=[
            api.TierMovement(
                month=each.month,
                previous=each.previous,
                tier=each.tier,
                reason=each.reason,
                members=each.members,
            )
            for each in moved
        ],
        warned=[
            api.TierWarnedMonth(month=month, tier=tier, members=count)
            for month, tier, count in warned
        ],
    )
