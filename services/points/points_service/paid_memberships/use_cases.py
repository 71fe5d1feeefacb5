"""Lock the member, then the term; decide, post."""

from datetime import datetime
from uuid import UUID

from chassis.database import Database, Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.base import Money
from contracts.points import paid_memberships as api
from contracts.points_events import RenewalAnnounced
from points_service.calendar import day_of
from points_service.holders import only_holder
from points_service.ledger import repository as ledger
from points_service.members.use_cases import existing, locked
from points_service.paid_memberships import repository
from points_service.paid_memberships.domain import (
    PaidMembership,
    paid,
    paid_back,
    refund_fen,
    term,
)


async def buy(tx: Tx, request: api.BuyMembership) -> api.PaidMembership:
    """From today; raises Problem 404 (member, plan), 409 (not on sale, has one already)."""
    member = await locked(tx, request.member_id)
    plan = await _plan(tx, request.plan_id)
    for each in await repository.of_member(tx, member.member_id):
        if each.plan_id == plan.plan_id and each.status(tx.now) in ("ahead", "active"):
            title = "The member has this membership; it can be renewed"
            raise Problem(409, "already_member", title, pointer="/plan_id")
    new = term(
        plan,
        membership_id=tx.ids.new(),
        member_id=member.member_id,
        tender=request.tender,
        remind_days=request.remind_days,
        starts_on=day_of(tx.now),
        now=tx.now,
    )
    return await _begin(tx, new)


async def renew(tx: Tx, membership_id: UUID, request: api.RenewMembership) -> api.PaidMembership:
    """Another term from the end of this one (today if it has ended), at today's fee.

    Raises Problem 404, 409 (not on sale, renewed already, cancelled).
    """
    found = await _locked(tx, membership_id)
    if found.cancelled_at is not None:
        raise Problem(409, "membership_cancelled", "It was cancelled; buy a new one")
    if await repository.is_renewed(tx, membership_id):
        raise Problem(409, "already_renewed", "Another term follows already")
    new = term(
        await _plan(tx, found.plan_id),
        membership_id=tx.ids.new(),
        member_id=found.member_id,
        tender=request.tender,
        remind_days=request.remind_days,
        starts_on=max(found.ends_on, day_of(tx.now)),
        now=tx.now,
        renews=membership_id,
    )
    return await _begin(tx, new)


async def _plan(tx: Tx, plan_id: str) -> api.Plan:
    plan = await repository.plans.find(tx, api.Plan, plan_id)
    if plan is None:
        raise Problem(404, "unknown_plan", "There is no such plan", pointer="/plan_id")
    if not plan.in_force(tx.now):
        raise Problem(409, "not_on_sale", "The plan is not on sale", pointer="/plan_id")
    return plan


async def _begin(tx: Tx, new: PaidMembership) -> api.PaidMembership:
    await repository.add(tx, new)
    await ledger.post(tx, [paid(new)])
    return shown(new, tx.now)


async def cancel(tx: Tx, principal: Principal, membership_id: UUID) -> api.PaidMembership:
    """End it now; once cancelled it answers the same.

    Raises Problem 403 (another member's), 404, 409 (ended already).
    """
    found = await _locked(tx, membership_id)
    await only_holder(tx, principal, found.member_id)
    if found.cancelled_at is not None:
        return shown(found, tx.now)
    if found.status(tx.now) == "ended":
        raise Problem(409, "membership_ended", "It has ended already")
    fen = refund_fen(found, tx.now)
    await repository.cancel(tx, membership_id, fen)
    if fen:
        await ledger.post(tx, [paid_back(found, fen, tx.ids.new(), tx.now)])
    return shown(await _known(tx, membership_id), tx.now)


async def use(tx: Tx, membership_id: UUID, benefit: str) -> api.PaidMembership:
    """A benefit was used; raises Problem 404, 409 (not active), 422 (not one of the plan's)."""
    found = await _locked(tx, membership_id)
    if found.status(tx.now) != "active":
        raise Problem(409, "membership_not_active", "The membership is not active")
    if benefit not in {each.code for each in found.plan.benefits}:
        title = "The plan has no such benefit"
        raise Problem(422, "unknown_benefit", title, pointer="/benefit")
    await repository.note_use(tx, membership_id, tx.ids.new(), benefit)
    return shown(await _known(tx, membership_id), tx.now)


async def show(tx: Tx, principal: Principal, membership_id: UUID) -> api.PaidMembership:
    """A term; raises Problem 403 (another member's), 404."""
    found = await _known(tx, membership_id)
    await only_holder(tx, principal, found.member_id)
    return shown(found, tx.now)


async def of_member(tx: Tx, member_id: UUID) -> api.PaidMemberships:
    """All of a member's; raises Problem 404."""
    member = await existing(tx, member_id)
    found = await repository.of_member(tx, member.member_id)
    return api.PaidMemberships(data=[shown(each, tx.now) for each in found])


async def announce(db: Database, midnight: datetime) -> None:
    """Tell of terms that end soon, each once. Run again, it finds nothing left."""
    async with db.transaction() as tx:
        for each in await repository.announce(tx, day_of(midnight)):
            tx.publish(RenewalAnnounced(each.member_id, each.membership_id, each.ends_on))


async def _known(tx: Tx, membership_id: UUID) -> PaidMembership:
    found = await repository.find(tx, membership_id)
    if found is None:
        raise Problem(404, "unknown_membership", "There is no such paid membership")
    return found


async def _locked(tx: Tx, membership_id: UUID) -> PaidMembership:
    await locked(tx, (await _known(tx, membership_id)).member_id)  # the member comes first
    found = await repository.lock(tx, membership_id)
    assert found is not None
    return found


def shown(found: PaidMembership, now: datetime) -> api.PaidMembership:
    """As the API shows it."""
    return api.PaidMembership.model_validate(
        {
            "membership_id": found.membership_id,
            "member_id": found.member_id,
            "plan": found.plan,
            "status": found.status(now),
            "starts_on": found.starts_on,
            "ends_on": found.ends_on,
            "fee": Money(amount=found.fee_fen),
            "refunded": Money(amount=found.refunded_fen),
            "benefit_used": found.benefit_used_at is not None,
            "notice_on": found.notice_on,
            "announced_at": found.announced_at,
            "bought_at": found.bought_at,
            "cancelled_at": found.cancelled_at,
        }
    )
