"""The life of a coupon: offered or issued, claimed, redeemed, rolled back.

Locks are taken in one sequence: members, coupons, templates, accounts. Nothing is posted on issue:
a cash-off coupon of a template with a budget reserves its worst case in the template's row, every
other is checked against what is left when it is used; the ledger moves when it is used.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.events import CouponOffered
from contracts.points import coupons as api
from contracts.points_events import CouponRolledBack, CouponsIssued
from points_service.coupons import answers, codes, issuing, repository, templates
from points_service.coupons.discounts import reverse
from points_service.coupons.domain import Coupon, Terms, campaign_template, direct_off
from points_service.coupons.issuing import Grant
from points_service.coupons.redeeming import Redeeming, Refusal
from points_service.holders import only_holder
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.members import repository as members
from points_service.members.use_cases import existing, locked, unknown_member

COUPONS_AN_EVENT = 2_000
_NOT_TELLING = {"unknown_coupon", "foreign_coupon"}  # nobody learns which codes exist


async def keep(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Store offered coupons, for whoever the member is by now; told again, nothing changes."""
    holders = await members.lock(tx, [event.member_id for event in events])
    stored = await repository.known(tx, {event.code for event in events})
    new = {event.code: event for event in events if event.code not in stored}
    terms = {
        code: Terms(campaign_template(event.campaign_id, event.percent_off))
        for code, event in new.items()
    }
    by_template = {each.template.template_id: each for each in terms.values()}
    await templates.put(tx, list(by_template.values()), exist=True)
    await templates.count(tx, [each.template.template_id for each in terms.values()])
    coupons = [
        Coupon(
            code,
            event.coupon_id,
            terms[code],
            holders.living(event.member_id),
            tx.now,
            event.valid_from,
            event.valid_until,
            event.campaign_id,
            claimed_at=tx.now,
        )
        for code, event in new.items()
    ]
    await repository.add(tx, coupons)


async def issue(tx: Tx, template_id: UUID, grants: Sequence[Grant]) -> list[Coupon]:
    """Give members coupons of a template, all or none; the same grants again, the same coupons.

    Members are locked here, or before by the caller. Nothing is posted: budgets pay when coupons
    are used. Raises Problem 404 (template, member), 409 (template_over, coupons_exhausted,
    budget_exhausted, member_limit) with a pointer `/member_ids/<place>`.
    """
    coupons, refusals = await offer(tx, template_id, grants)
    if refusals:
        first = refusals[0]
        raise Problem(409, first.code, first.title, pointer=f"/member_ids/{first.place}")
    return [coupon for coupon in coupons if coupon]


async def offer(
    tx: Tx, template_id: UUID, grants: Sequence[Grant], *, dry_run: bool = False
) -> tuple[list[Coupon | None], list[Refusal]]:
    """The same as far as limits allow; None for each that was refused, and why.

    Raises Problem 404 (template, member).
    """
    holders = await members.lock(tx, [grant.member_id for grant in grants])
    if any(holders.get(grant.member_id) is None for grant in grants):
        raise unknown_member()
    head = await templates.head(tx, template_id, lock=True)
    if head is None:
        raise unknown_template()
    ids = [tx.ids.derive("coupon", str(template_id), grant.ref) for grant in grants]
    known = await repository.by_id(tx, ids)
    held: dict[UUID, int] = {}
    if head.terms.per_member is not None:
        had = await repository.held(tx, [template_id], list(holders.by_id))
        held = {member_id: coupons for (member_id, _), coupons in had.items()}
    named = [Grant(holders.living(grant.member_id), grant.ref) for grant in grants]
    issued = issuing.issue(
        head,
        list(zip(named, ids, strict=True)),
        known,
        held,
        codes=iter(codes.make(len(grants))),
        now=tx.now,
    )
    if issued.new and not dry_run:
        reserved = len(issued.new) * head.terms.reserve_fen
        await repository.add(tx, issued.new)
        await templates.promise(tx, template_id, len(issued.new), reserved)
        _tell_issued(tx, issued.new)
    return issued.coupons, issued.refusals


async def issue_to(
    tx: Tx, template_id: UUID, request: api.CouponIssueRequest, *, dry_run: bool
) -> api.CouponIssue:
    """The same for the members of a request; raises what `issue` does."""
    ref = request.ref or str(tx.ids.new())
    grants = [Grant(member_id, f"{ref}/{member_id}") for member_id in request.member_ids or ()]
    coupons, refusals = await offer(tx, template_id, grants, dry_run=dry_run)
    if refusals:
        first = refusals[0]
        raise Problem(409, first.code, first.title, pointer=f"/member_ids/{first.place}")
    shown = [answers.coupon(coupon, tx.now) for coupon in coupons if coupon]
    return api.CouponIssue(coupons=shown, pool=None)


async def take(tx: Tx, member_id: UUID, template_id: UUID, *, dry_run: bool) -> api.Coupon:
    """A member takes a coupon of a claimable template; raises Problem 404, 409 as `issue` does."""
    head = await templates.head(tx, template_id)
    if head is None or not head.terms.claimable:
        raise unknown_template()
    grant = Grant(member_id, str(tx.ids.new()))
    (coupon,), refusals = await offer(tx, template_id, [grant], dry_run=dry_run)
    if coupon is None:
        raise Problem(409, refusals[0].code, refusals[0].title, pointer="/template_id")
    return answers.coupon(coupon, tx.now)


async def claim(
    tx: Tx, principal: Principal, code: str, member_id: UUID | None, *, dry_run: bool
) -> api.Coupon:
    """A code of a pool becomes a member's; one's own again changes nothing.

    Raises Problem 404 (member; coupon, whatever is wrong with it), 403, 409 (member_limit).
    """
    asked = member_id or principal.member_id
    if asked is None:
        raise Problem(422, "missing", "Whose shall it be?", pointer="/member_id")
    member = await locked(tx, asked)
    await only_holder(tx, principal, member.member_id)
    found = await repository.find(tx, _askable(code), [member.member_id])
    coupon = next(iter(found.coupons.values()), None)
    if coupon is None or coupon.member_id not in (None, member.member_id):
        raise unknown_coupon()
    if coupon.member_id is None:
        if not coupon.lasts(tx.now) or coupon.ended_at is not None:
            raise unknown_coupon()
        most = coupon.terms.per_member
        had = found.held.get((member.member_id, coupon.template.template_id), 0)
        if most is not None and had >= most:
            raise Problem(409, "member_limit", "The member has had as many as allowed")
        begins, ends = coupon.terms.dates(tx.now)
        coupon = replace(
            coupon,
            member_id=member.member_id,
            claimed_at=tx.now,
            valid_from=begins,
            valid_until=ends,
        )
        if not dry_run:
            await repository.claim(tx, coupon)
            _tell_issued(tx, [coupon])
    return answers.coupon(coupon, tx.now)


async def redeem(
    tx: Tx, code: str, request: api.CouponRedemptionRequest, *, dry_run: bool
) -> api.Coupon:
    """Use a coupon with an order; the same order again changes nothing.

    Raises Problem 404 (member, coupon), 422 (place, amounts), 409 (used, not valid, limits).
    """
    _check_money(request)
    member = await locked(tx, request.member_id)
    found = await repository.find(tx, _askable(code), [member.member_id])
    coupon = next(iter(found.coupons.values()), None)
    if coupon and _is_repeated(coupon, member.member_id, request):
        return answers.coupon(coupon, tx.now)
    redeeming = Redeeming(found)
    refusal = redeeming.objection([coupon.code if coupon else code], member.member_id, tx.now)
    if refusal:
        raise unknown_coupon() if refusal.code in _NOT_TELLING else _refused(refusal)
    assert coupon is not None
    refusal = redeeming.use(
        [(coupon.code, _off(coupon, request))],
        order_no=request.order_no,
        holder=member.member_id,
        at=tx.now,
    )
    if refusal:
        raise _refused(refusal)
    if not dry_run:
        await repository.redeem(tx, redeeming.uses)
        await ledger.post(tx, redeeming.journals(tx.ids.new))
    return answers.coupon(redeeming.uses[0].after, tx.now)


async def give_back(tx: Tx, code: str, order_no: str, *, dry_run: bool) -> api.Coupon:
    """Undo a redemption; again, it changes nothing.

    Raises Problem 404 (coupon), 409 (not used by this order).
    """
    before = await repository.look(tx, _askable(code))
    if before is None:
        raise unknown_coupon()
    if before.member_id is not None:
        await members.lock(tx, [before.member_id])
    (coupon,) = (await repository.lock(tx, [before.code])).values()
    if coupon.order_no == order_no:
        if dry_run:
            return answers.coupon(coupon.rolled_back_at(tx.now), tx.now)
        journals = await roll_back(tx, order_no, [coupon.code])
        await ledger.post(tx, journals)
        return answers.coupon(coupon.rolled_back_at(tx.now), tx.now)
    if coupon.rolled_back == order_no:
        return answers.coupon(coupon, tx.now)
    raise Problem(409, "not_redeemed", "This order does not use the coupon", pointer="/order_no")


async def roll_back(tx: Tx, order_no: str, codes: Collection[str]) -> list[Journal]:
    """An order's coupons are good again where their date has not passed.

    Those that another order uses by now are left alone. Answers what is to be posted; the members
    are locked before.
    """
    locked_ones = await repository.lock(tx, codes)
    used = [coupon for coupon in locked_ones.values() if coupon.order_no == order_no]
    await repository.roll_back(tx, used)
    for coupon in used:
        assert coupon.member_id is not None, "who used it holds it"
        lasts = coupon.lasts(tx.now)
        tx.publish(CouponRolledBack(coupon.code, coupon.member_id, order_no, lasts, tx.now))
    journals = [reverse(coupon, tx.ids.new(), tx.now) for coupon in used]
    return [journal for journal in journals if journal]


async def show(tx: Tx, member_id: UUID) -> api.Coupons:
    """A member's coupons; raises Problem 404."""
    member = await existing(tx, member_id)
    held = await repository.held_by(tx, member.member_id)
    return api.Coupons(data=[answers.coupon(coupon, tx.now) for coupon in held])


async def look(tx: Tx, code: str) -> api.Coupon:
    """A coupon by its code; raises Problem 404."""
    coupon = await repository.look(tx, _askable(code))
    if coupon is None:
        raise unknown_coupon()
    return answers.coupon(coupon, tx.now)


def unknown_template() -> Problem:
    """404: there is no such template."""
    return Problem(404, "unknown_template", "There is no such coupon template")


def unknown_coupon() -> Problem:
    """404: there is no such coupon, or it is none of the caller's business."""
    return Problem(404, "unknown_coupon", "There is no such coupon")


def _askable(code: str) -> set[str]:
    return {each for each in codes.readings(code) if "\0" not in each}


def _tell_issued(tx: Tx, coupons: Sequence[Coupon]) -> None:
    for start in range(0, len(coupons), COUPONS_AN_EVENT):
        part = coupons[start : start + COUPONS_AN_EVENT]
        rows = [(each.coupon_id, each.code, each.member_id) for each in part if each.member_id]
        tx.publish(CouponsIssued(part[0].template.template_id, rows, tx.now))


def _check_money(request: api.CouponRedemptionRequest) -> None:
    for name in ("amount", "order_amount"):
        money = getattr(request, name)
        if money is not None and money.currency != "CNY":
            pointer = f"/{name}/currency"
            raise Problem(422, "unknown_currency", "Only CNY is accepted", pointer=pointer)


def _is_repeated(coupon: Coupon, holder: UUID, request: api.CouponRedemptionRequest) -> bool:
    same = request.amount is None or request.amount.amount == coupon.off_fen
    return same and (coupon.order_no, coupon.member_id) == (request.order_no, holder)


def _off(coupon: Coupon, request: api.CouponRedemptionRequest) -> int:
    scope = coupon.template.scope
    for name, places in (("store", scope.stores), ("channel", scope.channels)):
        if places and getattr(request, name) not in places:
            raise Problem(422, "wrong_place", "The coupon is not good there", pointer=f"/{name}")
    off = direct_off(
        coupon.template,
        request.amount.amount if request.amount else None,
        request.order_amount.amount if request.order_amount else None,
    )
    if isinstance(off, tuple):
        code, title, pointer = off
        raise Problem(422, code, title, pointer=pointer)
    return off


def _refused(refusal: Refusal) -> Problem:
    return Problem(409, refusal.code, refusal.title)
