"""Entitlements, uses and applications: lock the member, decide, write, tell."""

from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import benefits as api
from contracts.points_events import BenefitApplied
from points_service.benefits import desk, entitlements, repository
from points_service.benefits.applications import (
    OVERDUE,
    Action,
    Application,
    Status,
    act,
    objection,
)
from points_service.benefits.catalogue import unknown_benefit, words
from points_service.benefits.domain import Entitlement, Kind, Terms, usable
from points_service.benefits.repository import Use
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import existing, locked
from points_service.programme import Programme
from points_service.tiers import repository as tiers

STATUSES = frozenset({*(status.value for status in Status), OVERDUE})


async def show(tx: Tx, programme: Programme, member_id: UUID) -> api.Entitlements:
    """What a member is entitled to; raises Problem 404."""
    member = await existing(tx, member_id)
    ladder = await tiers.ladder(tx, programme.ladder_id)
    rung = ladder.rung(member.tier)
    return api.Entitlements(
        member_id=member.member_id,
        ladder_id=ladder.ladder_id,
        tier=rung.name,
        price_percent=rung.price_percent,
        data=[
            api.Entitlement(
                benefit_id=each.benefit.benefit_id,
                kind=each.benefit.kind.value,
                **words(each.benefit),
                period=each.benefit.period.value,
                period_begins=each.period,
                period_ends=each.benefit.period.end(each.period),
                quota=each.quota,
                used=each.used,
                left=each.left,
                earned=each.earned,
                used_in=sorted(each.benefit.used_in),
                apply=each.benefit.application is not None,
            )
            for each in await entitlements.of(tx, member, ladder)
        ],
    )


async def use(
    tx: Tx, programme: Programme, member_id: UUID, benefit_id: str, request: api.BenefitUseRequest
) -> api.BenefitUse:
    """Count a use. Raises Problem 404 (member, benefit), 422 (channel), 409 (not the member's,
    not yet earned, used up, applied for or given by itself instead)."""
    member = await locked(tx, member_id)
    has = await _entitled(tx, programme, member, benefit_id)
    benefit = has.benefit
    if benefit.application or benefit.coupon or benefit.kind is Kind.PRICE:
        raise Problem(409, "not_used_like_this", "It is applied for, or comes by itself")
    if not usable(benefit, request.channel):
        raise Problem(422, "other_channel", "It is used in other channels", pointer="/channel")
    counted = _use(tx, member, has, request.channel, request.store)
    await repository.add_uses(tx, [counted])
    return api.BenefitUse(
        use_id=counted.use_id,
        member_id=member.member_id,
        benefit_id=benefit_id,
        period_begins=has.period,
        quota=has.quota,
        used=has.used + 1,
        left=None if has.left is None else has.left - 1,
        used_at=counted.used_at,
    )


async def _entitled(tx: Tx, programme: Programme, member: Member, benefit_id: str) -> Entitlement:
    """The benefit as the (locked) member has it now, with something left of it."""
    ladder = await tiers.ladder(tx, programme.ladder_id)
    found = await entitlements.of(tx, member, ladder)
    has = next((each for each in found if each.benefit.benefit_id == benefit_id), None)
    if has is None:
        if not await repository.stored(tx, benefit_id):
            raise unknown_benefit()
        raise Problem(409, "not_entitled", "The member's tier does not have this benefit")
    if not has.earned:
        raise Problem(409, "not_earned", "An order in one of its channels earns it first")
    if has.left == 0:
        raise Problem(409, "used_up", "Nothing is left of it in this period")
    return has


def _use(
    tx: Tx, member: Member, has: Entitlement, channel: str | None = None, store: str | None = None
) -> Use:
    return Use(
        tx.ids.new(), member.member_id, has.benefit.benefit_id, has.period, tx.now, channel, store
    )


async def apply(
    tx: Tx,
    programme: Programme,
    member_id: UUID,
    request: api.BenefitApplicationRequest,
    who: str,
) -> api.BenefitApplication:
    """Apply for a benefit; it counts as a use.

    Raises Problem 404 (member, benefit), 422 (area, order), 409 (as `use`; the order has one).
    """
    member = await locked(tx, member_id)
    has = await _entitled(tx, programme, member, request.benefit_id)
    terms = has.benefit.application
    if terms is None:
        raise Problem(422, "not_applied_for", "It needs no application", pointer="/benefit_id")
    await _check(tx, member, terms, request)
    counted = _use(tx, member, has)
    application = Application(
        application_id=tx.ids.new(),
        use_id=counted.use_id,
        member_id=member.member_id,
        benefit_id=request.benefit_id,
        area=request.area,
        note=request.note,
        order_no=request.order_no,
        status=Status.APPLIED,
        reason=None,
        applied_at=tx.now,
        due_at=terms.due(tx.now),
        changed_at=tx.now,
        changed_by=who,
    )
    await repository.add_uses(tx, [counted])
    await desk.add(tx, application)
    tell(tx, application, application.status.value)
    return _shown(tx, application)


async def _check(
    tx: Tx, member: Member, terms: Terms, request: api.BenefitApplicationRequest
) -> None:
    bought = None
    if request.order_no is not None:
        everybody = await members.everybody(tx, member.member_id)
        bought = await repository.bought(tx, request.order_no, everybody)
    if wrong := objection(terms, request.area, request.order_no, bought):
        raise Problem(422, wrong.code, wrong.title, pointer=wrong.pointer)
    if request.order_no and await desk.taken(tx, request.benefit_id, request.order_no):
        raise Problem(409, "applied_already", "There is one for this order", pointer="/order_no")


async def handle(
    tx: Tx, application_id: UUID, action: Action, who: str, reason: str | None = None
) -> api.BenefitApplication:
    """Accept, fulfil or refuse. Raises Problem 404, 409 where it is not in a state for that."""
    found = await desk.find(tx, application_id)
    if found is None:
        raise Problem(404, "unknown_application", "There is no such application")
    await locked(tx, found.member_id)  # first, as everywhere
    found = await desk.find(tx, application_id, lock=True)
    assert found is not None
    after = act(found, action, reason, tx.now, who)
    if after is None:
        raise Problem(409, "wrong_status", "The application is not in a state for that")
    await desk.save(tx, after)
    if after.status is Status.REFUSED:
        await repository.give_back(tx, after.use_id)
    tell(tx, after, after.status.value)
    return _shown(tx, after)


async def applications(
    tx: Tx, status: str | None, member_id: UUID | None, cursor: UUID | None, limit: int
) -> api.BenefitApplications:
    """A page of applications, oldest first. Raises Problem 404 (member), 422 (status)."""
    if status is not None and status not in STATUSES:
        raise Problem(422, "unknown_status", "There is no such status", pointer="#query/status")
    holders = None
    if member_id is not None:
        holders = [(await existing(tx, member_id)).member_id]
    found = await desk.page(tx, status, holders, cursor, limit + 1)
    return api.BenefitApplications(
        data=[_shown(tx, each) for each in found[:limit]],
        next_cursor=str(found[limit - 1].application_id) if len(found) > limit else None,
    )


def tell(tx: Tx, application: Application, status: str) -> None:
    """An application changed its state, or is overdue."""
    tx.publish(
        BenefitApplied(
            application_id=application.application_id,
            member_id=application.member_id,
            benefit_id=application.benefit_id,
            status=status,
            changed_at=application.due_at if status == OVERDUE else application.changed_at,
        )
    )


def _shown(tx: Tx, application: Application) -> api.BenefitApplication:
    return api.BenefitApplication(
        application_id=application.application_id,
        member_id=application.member_id,
        benefit_id=application.benefit_id,
        area=application.area,
        note=application.note,
        order_no=application.order_no,
        status=application.status.value,
        overdue=application.overdue(tx.now),
        reason=application.reason,
        applied_at=application.applied_at,
        due_at=application.due_at,
        changed_at=application.changed_at,
    )
