"""Answers put together from several features; nothing here changes anything."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.points.common import Words
from contracts.points.earning import Growth
from contracts.points.ledger import PointsStats
from contracts.points.spending import (
    EarnedShare,
    Expiring,
    PointsBalance,
    PointsEntries,
    PointsEntry,
)
from points_service.calendar import month_of
from points_service.earning.domain import RuleSet
from points_service.earning.kept_shares import Kept, recall, shown
from points_service.earning.use_cases import rules_now
from points_service.expiry import repository as expiry
from points_service.expiry.domain import next_loss
from points_service.growth import repository as growth
from points_service.growth.domain import SPEND
from points_service.holds import repository as holds
from points_service.ledger import repository as ledger
from points_service.ledger.domain import JournalKind, figures
from points_service.lots import repository as lots
from points_service.lots.domain import redeemable
from points_service.members import repository as members
from points_service.members.use_cases import existing
from points_service.overview import repository as reports
from points_service.programme import Programme
from points_service.tiers import repository as tiers

MAX_PAGE = 200


async def points(tx: Tx, member_id: UUID) -> PointsBalance:
    """A member's points; raises Problem 404."""
    member = await existing(tx, member_id)
    owned = await lots.with_points(tx, [member.member_id])
    going = next_loss(await expiry.in_force(tx), owned, tx.now)
    return PointsBalance(
        member_id=member.member_id,
        redeemable=redeemable(owned, tx.now),
        held=await holds.held(tx, member.member_id),
        pending=-member.owed,
        expiring_next=Expiring(points=going[1], at=going[0]) if going else None,
        lifetime=await lots.earned(tx, member.member_id),
    )


async def entries(
    tx: Tx, programme: Programme, member_id: UUID, cursor: str | None, limit: int
) -> PointsEntries:
    """A page of a member's entries; raises Problem 404 (member), 422 (cursor)."""
    member = await existing(tx, member_id)
    everybody = await members.everybody(tx, member.member_id)
    lines = await ledger.lines(tx, everybody, _before(cursor), limit + 1)
    page, more = lines[:limit], len(lines) > limit
    orders = {line.ref for line in page if line.kind == JournalKind.EARN}
    kept = await reports.earned(tx, orders) if orders else {}
    rules = await rules_now(tx, programme) if kept else RuleSet(())
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
                earned=_earned(kept.get(line.ref), rules) if line.kind == JournalKind.EARN else [],
            )
            for line in page
        ],
        next_cursor=str(page[-1].entry_id) if more else None,
    )


def _earned(kept: Sequence[Kept] | None, rules: RuleSet) -> list[EarnedShare]:
    return [
        EarnedShare(
            rule_id=each.rule_id, version=each.version,
            name=Words(zh=each.name.zh, en=each.name.en), points=each.points, growth=each.growth,
        )
        for each in shown(recall(kept, rules))
    ]  # fmt: skip


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
        depreciated=await reports.depreciated(tx),
        reversed=books.reversed,
        owed=books.owed,
        outstanding=books.outstanding,
        tiers={rung.name: population[rung.name] for rung in ladder.rungs},
    )
