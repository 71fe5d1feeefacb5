"""Coupons that tiers give by themselves: for a birthday, for a referral."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from contracts.points_events import ReferralRewarded
from points_service.benefits import repository
from points_service.benefits.domain import Benefit, Occasion
from points_service.benefits.repository import Use
from points_service.coupons import use_cases as coupons
from points_service.coupons.issuing import Grant
from points_service.members import repository as members
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder


def givers(
    ladder: Ladder, catalogue: dict[str, Benefit], occasion: Occasion
) -> dict[str, list[tuple[Benefit, int | None]]]:
    """By tier: benefits that give a coupon on the occasion, and how often a period."""
    found: dict[str, list[tuple[Benefit, int | None]]] = {}
    for rung in ladder.rungs:
        for grant in rung.grants:
            benefit = catalogue[grant.benefit_id]
            if benefit.active and benefit.coupon and benefit.coupon.on is occasion:
                found.setdefault(rung.name, []).append((benefit, grant.quota))
    return found


async def give(
    tx: Tx,
    ladder_id: str,
    occasion: Occasion,
    given: Sequence[tuple[UUID, str]],
    *,
    at: datetime | None = None,
) -> int:
    """A coupon for each (member, what for) whose tier gives one and has not given all in the period
    of `at` (now); told again, nothing more is given.

    Answers how many were given; limits of the template may refuse some.
    """
    ladder = await tiers.ladder(tx, ladder_id)
    by_tier = givers(ladder, await repository.catalogue(tx), occasion)
    holders = await members.lock(tx, [member_id for member_id, _ in given])
    wanted: dict[str, tuple[Benefit, list[tuple[UUID, str, int | None]]]] = {}
    for member_id, ref in given:
        member = holders.get(member_id)
        for benefit, quota in by_tier.get(ladder.rung(member.tier).name, ()) if member else ():
            assert member is not None
            rows = wanted.setdefault(benefit.benefit_id, (benefit, []))[1]
            rows.append((member.member_id, ref, quota))
    when = at or tx.now
    return sum([await _give(tx, benefit, rows, when) for benefit, rows in wanted.values()])


async def _give(
    tx: Tx, benefit: Benefit, rows: Sequence[tuple[UUID, str, int | None]], at: datetime
) -> int:
    assert benefit.coupon is not None
    period = benefit.period.begin(at)
    used = await repository.used(tx, {member_id for member_id, _, _ in rows}, {period})
    due = []
    for member_id, ref, quota in rows:
        key = (member_id, benefit.benefit_id, period)
        if quota is None or used.get(key, 0) < quota:
            used[key] = used.get(key, 0) + 1
            due.append(Grant(member_id, f"{benefit.benefit_id}/{ref}"))
    if not due:
        return 0
    issued, _refused = await coupons.offer(tx, benefit.coupon.template_id, due)
    uses = [
        Use(
            tx.ids.derive("benefit_use", grant.ref),
            grant.member_id, benefit.benefit_id, period, tx.now,
        )
        for grant, coupon in zip(due, issued, strict=True)
        if coupon
    ]  # fmt: skip
    await repository.add_uses(tx, uses)
    return len(uses)


async def referred(tx: Tx, ladder_id: str, events: Sequence[ReferralRewarded]) -> None:
    """For whoever brought a member that has bought now."""
    given = [(event.referrer_id, str(event.referred_id)) for event in events]
    await give(tx, ladder_id, Occasion.REFERRAL, given)
