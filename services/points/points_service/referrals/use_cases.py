"""Bringing members: a code, the attribution, the reward after the first purchase.

The reward is given at once. A first purchase given back in full within `Terms.reversible` takes it
back: growth, points and the count for the tier, by entries of their own.
"""

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.events import MemberRegistered
from contracts.points import referrals as api
from contracts.points_events import ReferralRewarded
from contracts.roles import Role
from contracts.sealed import Sealed
from points_service.acts import repository as acts
from points_service.acts.domain import REFERRAL, Act
from points_service.acts.use_cases import record
from points_service.growth.domain import Gain
from points_service.growth.use_cases import gain
from points_service.members import repository as members
from points_service.members.use_cases import locked
from points_service.programme import Programme
from points_service.referrals import repository
from points_service.referrals.domain import Evidence, Reason, Referral, Status, suspicions

DAY = timedelta(days=1)
CODE_BYTES = 10  # 80 bits: 16 letters and digits that nobody guesses


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that was booked."""

    order_no: str
    member_id: UUID
    paid_at: datetime


async def link(tx: Tx, member_id: UUID) -> api.ReferralLink:
    """The member's code, made when it is first asked for. Raises Problem 404."""
    member = await locked(tx, member_id)
    code = await repository.code_of(tx, member.member_id)
    if code is None:
        code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
        await repository.add_code(tx, code, member.member_id)
    return api.ReferralLink(member_id=member.member_id, code=code)


async def attribute(
    tx: Tx, programme: Programme, principal: Principal, request: api.ReferralRequest
) -> api.ReferralReceipt:
    """A new member came by a code; what looks wrong waits for staff.

    Raises Problem 404 (member), 403 (somebody else's), 422 (code), 409 (not new, or brought
    already).
    """
    if principal.role is Role.MEMBER and principal.member_id != request.member_id:
        raise Problem(403, "not_yours", "Only for oneself", pointer="/member_id")
    owner = await repository.owner_of(tx, request.code)
    if owner is None:
        raise Problem(422, "unknown_code", "There is no such code", pointer="/code")
    member = await locked(tx, request.member_id)
    holder = member.member_id
    everybody = await members.everybody(tx, holder)
    if await repository.brought(tx, [holder]):
        raise Problem(409, "attributed_before", "The member was brought already")
    enrolled = await repository.enrolled_at(tx, everybody)
    terms = programme.referrals
    if member.has_bought or enrolled is None or tx.now - enrolled > terms.new_for:
        raise Problem(409, "not_new", "Only new members are brought", pointer="/member_id")
    if request.device_id is not None:
        device = Sealed.parse(request.device_id).index
        await acts.sight(tx, [(f"member:{holder}", device)])
    referral = Referral(tx.ids.new(), owner, holder, Status.PENDING, (), tx.now)
    reasons = await _suspicions(tx, programme, referral)
    status = Status.REVIEW if reasons else Status.PENDING
    if owner == holder:
        status = Status.REFUSED
    await repository.add(tx, replace(referral, status=status, reasons=reasons))
    return api.ReferralReceipt(referral_id=referral.referral_id, status=status.value)


async def _suspicions(tx: Tx, programme: Programme, referral: Referral) -> tuple[str, ...]:
    referrer, referred = referral.referrer_id, referral.referred_id
    theirs = await members.everybody(tx, referrer)
    order_no = referral.first_order_no
    shared = await acts.devices(tx, theirs) & await acts.devices(
        tx, await members.everybody(tx, referred)
    )
    evidence = Evidence(
        shared_devices=bool(shared),
        shared_payment=bool(order_no) and await repository.same_payer(tx, order_no or "", theirs),
        brought_by=await repository.brought_by(tx, referrer, programme.referrals.longest_ring),
        # Of those brought since, the first purchase says nothing new.
        last_day=0 if order_no else 1 + await repository.since(tx, referrer, tx.now - DAY),
    )
    return suspicions(referrer, referred, evidence, programme.referrals)


async def bought(tx: Tx, programme: Programme, purchases: Sequence[Purchase]) -> None:
    """First purchases of members who were brought are rewarded, unless something looks wrong."""
    waiting = await repository.waiting(tx, {each.member_id for each in purchases})
    if not waiting:
        return
    first = {
        each.member_id: each
        for each in sorted(purchases, key=lambda each: (each.paid_at, each.order_no), reverse=True)
    }
    due: list[Referral] = []
    changed: list[Referral] = []
    rewarded: set[UUID] = set()
    for each in sorted(await _locked(tx, waiting), key=lambda each: each.attributed_at):
        purchase = first.get(each.referred_id)
        if purchase is None or each.first_order_no or each.status not in _WAITING:
            continue
        referral = replace(each, first_order_no=purchase.order_no, purchased_at=purchase.paid_at)
        if purchase.paid_at < each.attributed_at - programme.future_tolerance:
            changed.append(_refused(referral, Reason.NOT_NEW))  # a till sent it late
            continue
        if referral.referred_id in rewarded:
            changed.append(_refused(referral, Reason.SECOND))
            continue
        if referral.status is Status.PENDING:
            reasons = () if referral.decided_by else await _suspicions(tx, programme, referral)
            if not reasons:
                rewarded.add(referral.referred_id)
                due.append(referral)
                continue
            referral = replace(referral, status=Status.REVIEW, reasons=reasons)
        changed.append(referral)
    await repository.save(tx, changed)
    await _reward(tx, programme, due)


_WAITING = (Status.PENDING, Status.REVIEW)


def _refused(referral: Referral, reason: Reason) -> Referral:
    return replace(referral, status=Status.REFUSED, reasons=(*referral.reasons, reason.value))


async def _locked(tx: Tx, referrals: Collection[Referral]) -> list[Referral]:
    """The same as they are now that neither they nor their members can change."""
    ids = {each.referrer_id for each in referrals} | {each.referred_id for each in referrals}
    await members.lock(tx, ids)
    return await repository.by_id(tx, [each.referral_id for each in referrals], lock=True)


async def _reward(tx: Tx, programme: Programme, due: Sequence[Referral]) -> None:
    """The act `referral` of each referrer, whatever the rules give for it."""
    if not due:
        return
    answers = await record(
        tx,
        programme,
        [
            Act(REFERRAL, str(each.referral_id), each.referrer_id, each.purchased_at or tx.now)
            for each in due
        ],
    )
    outcomes = [outcome.own if outcome else (0, 0) for outcome, _ in answers]
    await repository.save(
        tx,
        [
            replace(each, status=Status.REWARDED, rewarded_at=tx.now, growth=growth, points=points)
            for each, (growth, points) in zip(due, outcomes, strict=True)
        ],
    )
    for each in due:
        tx.publish(ReferralRewarded(each.referrer_id, each.referred_id, tx.now))


async def given_back(tx: Tx, programme: Programme, refunds: Mapping[str, datetime]) -> None:
    """Orders (by number: when) were given back; first purchases in full lose their reward."""
    ids = await repository.given_back(tx, refunds)
    if not ids:
        return
    found = await _locked(tx, await repository.by_id(tx, ids))
    open_again = [
        replace(each, first_order_no=None, purchased_at=None)
        for each in found
        if each.status is Status.REVIEW and not each.rewarded_at
    ]
    lost = [
        each
        for each in found
        if each.status is Status.REWARDED
        and each.purchased_at
        and each.first_order_no
        and refunds[each.first_order_no] <= each.purchased_at + programme.referrals.reversible
    ]
    reasons = [(*each.reasons, Reason.REFUNDED.value) for each in lost]
    reversed_ = [
        replace(each, status=Status.REVERSED, reasons=why)
        for each, why in zip(lost, reasons, strict=True)
    ]
    await repository.save(tx, [*open_again, *reversed_])
    if lost:
        await gain(tx, programme, [_undone(each, tx.now) for each in lost])


def _undone(referral: Referral, now: datetime) -> Gain:
    return Gain(
        referral.referrer_id, REFERRAL, f"{referral.referral_id}/reversed", now,
        growth=-referral.growth, points=-referral.points, referrals=-1,
    )  # fmt: skip


async def decide(
    tx: Tx, programme: Programme, principal: Principal, referral_id: UUID, accept: bool
) -> api.Referral:
    """Staff decide about one in review: accepted, it goes on; refused, a reward is taken back.

    Raises Problem 404 (referral), 409 (not in review; nobody brings himself).
    """
    found = await repository.by_id(tx, [referral_id])
    if not found:
        raise Problem(404, "unknown_referral", "There is no such referral")
    [referral] = await _locked(tx, found)
    if referral.status is not Status.REVIEW:
        raise Problem(409, "not_in_review", "It does not wait for a decision")
    if accept and referral.referrer_id == referral.referred_id:
        raise Problem(409, "self_referral", "Nobody brings himself", pointer="/decision")
    decided = replace(referral, decided_by=principal.subject)
    if not accept:
        decided = replace(decided, status=Status.REFUSED)
        await repository.save(tx, [decided])
        if decided.rewarded_at:
            await gain(tx, programme, [_undone(decided, tx.now)])
    elif decided.rewarded_at:
        await repository.save(tx, [replace(decided, status=Status.REWARDED)])
    elif decided.first_order_no:
        await _reward(tx, programme, [decided])
    else:
        await repository.save(tx, [replace(decided, status=Status.PENDING)])
    return _shown((await repository.by_id(tx, [referral_id]))[0])


async def page(tx: Tx, status: str | None, cursor: str | None, limit: int) -> api.Referrals:
    """Newest first. Raises Problem 422 (status, cursor)."""
    if status is not None and status not in set(Status):
        raise Problem(422, "unknown_status", "There is no such status", pointer="#query/status")
    try:
        before = UUID(cursor) if cursor else None
    except ValueError:
        raise Problem(
            422, "invalid_cursor", "This is no cursor of ours", pointer="#query/cursor"
        ) from None
    found = await repository.page(tx, status, before, limit + 1)
    more = str(found[limit - 1].referral_id) if len(found) > limit else None
    return api.Referrals(data=[_shown(each) for each in found[:limit]], next_cursor=more)


def _shown(referral: Referral) -> api.Referral:
    return api.Referral(
        referral_id=referral.referral_id,
        referrer_id=referral.referrer_id,
        referred_id=referral.referred_id,
        status=referral.status.value,
        reasons=list(referral.reasons),
        attributed_at=referral.attributed_at,
        first_order_no=referral.first_order_no,
        rewarded_at=referral.rewarded_at,
        decided_by=referral.decided_by,
    )


async def enrol(tx: Tx, events: Sequence[MemberRegistered]) -> None:
    """Members are new from then on."""
    await repository.enrol(tx, [(event.member_id, event.registered_at) for event in events])
