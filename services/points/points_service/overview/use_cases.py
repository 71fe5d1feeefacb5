"""Answers put together from several features; nothing here changes anything."""

from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.points.earning import Growth
from contracts.points.ledger import AccountSums, PointsStats, TrialBalance
from contracts.points.spending import Expiring, PointsBalance, PointsEntries, PointsEntry
from contracts.points.tiers import MemberTier, TierProgress, TierStep
from points_service.calendar import month_of
from points_service.growth import repository as growth
from points_service.growth.domain import SPEND
from points_service.ledger import repository as ledger
from points_service.ledger.domain import figures
from points_service.lots import repository as lots
from points_service.lots.domain import oldest_first, redeemable
from points_service.members import repository as members
from points_service.members.use_cases import existing
from points_service.programme import Programme
from points_service.tiers import repository as tiers

HISTORY = 50
MAX_PAGE = 200


async def points(tx: Tx, member_id: UUID) -> PointsBalance:
    """A member's points; raises Problem 404."""
    member = await existing(tx, member_id)
    held = await lots.with_points(tx, [member.member_id])
    live = sorted((lot for lot in held if lot.is_live(tx.now)), key=oldest_first)
    expiring = None
    if live:
        at = live[0].expires_at
        going = sum(lot.remaining for lot in live if lot.expires_at == at)
        expiring = Expiring(points=going, at=at)
    return PointsBalance(
        member_id=member.member_id,
        redeemable=redeemable(live, tx.now),
        pending=-member.owed,
        expiring_next=expiring,
        lifetime=await lots.earned(tx, member.member_id),
    )


async def entries(tx: Tx, member_id: UUID, cursor: str | None, limit: int) -> PointsEntries:
    """A page of a member's entries; raises Problem 404 (member), 422 (cursor)."""
    member = await existing(tx, member_id)
    everybody = await members.everybody(tx, member.member_id)
    lines = await ledger.lines(tx, everybody, _before(cursor), limit + 1)
    page, more = lines[:limit], len(lines) > limit
    return PointsEntries(
        data=[
            PointsEntry(
                entry_id=line.entry_id,
                journal_id=line.journal_id,
                kind=line.kind,
                account=line.account,
                ref=line.ref,
                amount=line.amount,
                occurred_at=line.occurred_at,
                posted_at=line.posted_at,
            )
            for line in page
        ],
        next_cursor=str(page[-1].entry_id) if more else None,
    )


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Problem(422, "invalid_cursor", "This is no cursor of ours", pointer="#query/cursor")
    return int(cursor)


async def growth_of(tx: Tx, member_id: UUID) -> Growth:
    """Growth value by kind; raises Problem 404."""
    member = await existing(tx, member_id)
    everybody = await members.everybody(tx, member.member_id)
    return Growth(
        member_id=member.member_id,
        growth=member.growth,
        by_kind=await growth.by_kind(tx, everybody),
        month_spend=Money(amount=member.spent_in(month_of(tx.now))),
    )


async def tier(tx: Tx, programme: Programme, member_id: UUID) -> MemberTier:
    """Tier, the way to the next, and history; raises Problem 404."""
    member = await existing(tx, member_id)
    ladder = await tiers.ladder(tx, programme.ladder_id)
    standing = member.standing(month_of(tx.now))
    above = ladder.above(member.tier)
    everybody = await members.everybody(tx, member.member_id)
    return MemberTier(
        member_id=member.member_id,
        ladder_id=ladder.ladder_id,
        tier=member.tier,
        next_tier=above.name if above else None,
        next_conditions=[
            TierProgress(
                kind=each.kind,
                at_least=each.at_least,
                reached=each.reached(standing),
            )
            for each in (above.conditions if above else ())
        ],
        history=[
            TierStep(
                tier=step.tier,
                previous=step.previous,
                reason=step.reason,
                changed_at=step.changed_at,
            )
            for step in await tiers.history(tx, everybody, HISTORY)
        ],
    )


async def trial_balance(tx: Tx) -> TrialBalance:
    """Debits and credits of every kind of account, folded from all entries."""
    sums = await ledger.sums(tx)
    debit, credit = sum(each.debit for each in sums), sum(each.credit for each in sums)
    return TrialBalance(
        debit=debit,
        credit=credit,
        difference=credit - debit,
        accounts=[
            AccountSums(kind=each.kind, debit=each.debit, credit=each.credit) for each in sums
        ],
    )


async def stats(tx: Tx, programme: Programme) -> PointsStats:
    """The programme in figures, every tier of the ladder named."""
    kinds = await growth.by_kind(tx)
    books = figures(await ledger.sums(tx))
    population = await tiers.population(tx)
    ladder = await tiers.ladder(tx, programme.ladder_id)
    return PointsStats(
        growth_spend=kinds.get(SPEND, 0),
        growth_total=sum(kinds.values()),
        issued=books.issued,
        burnt=books.burnt,
        expired=books.expired,
        reversed=books.reversed,
        owed=books.owed,
        outstanding=books.outstanding,
        tiers={rung.name: population[rung.name] for rung in ladder.rungs},
    )
