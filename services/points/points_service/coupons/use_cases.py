"""The life of a coupon: offered or issued, rolled back; claimed and redeemed in `asks`.

Locks are taken in one sequence: members, coupons, templates, accounts. Nothing is posted on issue:
a cash-off coupon of a template with a budget reserves its worst case in the template's row, every
other is checked against what is left when it is used; the ledger moves when it is used.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.logs import log
from chassis.problem import Problem
from contracts.events import CouponOffered
from contracts.points import coupons as api
from contracts.points_events import CouponRolledBack, CouponsIssued
from points_service.coupons import answers, codes, issuing, repository, templates
from points_service.coupons.discounts import reverse
from points_service.coupons.domain import Coupon, Terms
from points_service.coupons.issuing import Grant
from points_service.coupons.offered import template_of
from points_service.coupons.redeeming import Refusal
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.members import repository as members
from points_service.members.use_cases import existing, unknown_member

COUPONS_AN_EVENT = 2_000


async def keep(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Store offered coupons, for whoever the member is by now; told again, nothing changes.

    Those of a budget reserve what they may cost; campaigns offer no more than it pays for, and a
    coupon beyond it would be nobody's promise: it is not kept.
    """
    holders = await members.lock(tx, [event.member_id for event in events])
    stored = await repository.known(tx, {event.code for event in events})
    new = {event.code: event for event in events if event.code not in stored}
    offered = {code: Terms(template_of(event)) for code, event in new.items()}
    by_template = {each.template.template_id: each for each in offered.values()}
    await templates.put(tx, list(by_template.values()), exist=True)
    heads = await templates.lock(tx, sorted(by_template))
    coupons: list[Coupon] = []
    for code, event in new.items():
        template_id = offered[code].template.template_id
        head = heads[template_id]
        if refusal := issuing.shortage(head, 1):
            log.error("coupon_beyond_budget", template_id=str(template_id), reason=refusal.code)
            continue
        heads[template_id] = issuing.after_one(head)
        coupons.append(
            Coupon(
                code,
                event.coupon_id,
                head.terms,
                holders.living(event.member_id),
                tx.now,
                event.valid_from,
                event.valid_until,
                event.campaign_id,
                claimed_at=tx.now,
                reserved_fen=head.terms.reserve_fen,
            )
        )
    await repository.add(tx, coupons)
    await templates.count(tx, coupons)


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
        tell_issued(tx, issued.new)
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


async def give_back(tx: Tx, code: str, order_no: str, *, dry_run: bool) -> api.Coupon:
    """Undo a redemption; again, it changes nothing.

    Raises Problem 404 (coupon), 409 (not used by this order).
    """
    before = await repository.look(tx, askable(code))
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
    coupon = await repository.look(tx, askable(code))
    if coupon is None:
        raise unknown_coupon()
    return answers.coupon(coupon, tx.now)


def unknown_template() -> Problem:
    """404: there is no such template."""
    return Problem(404, "unknown_template", "There is no such coupon template")


def unknown_coupon() -> Problem:
    """404: there is no such coupon, or it is none of the caller's business."""
    return Problem(404, "unknown_coupon", "There is no such coupon")


def askable(code: str) -> set[str]:
    """The codes that one as it was typed may stand for."""
    return {each for each in codes.readings(code) if "\0" not in each}


def tell_issued(tx: Tx, coupons: Iterable[Coupon]) -> None:
    """Whose coupons are now, by template."""
    by_template: dict[UUID, list[Coupon]] = {}
    for coupon in coupons:
        by_template.setdefault(coupon.template.template_id, []).append(coupon)
    for template_id, some in by_template.items():
        for start in range(0, len(some), COUPONS_AN_EVENT):
            part = some[start : start + COUPONS_AN_EVENT]
            rows = [(each.coupon_id, each.code, each.member_id) for each in part if each.member_id]
            tx.publish(CouponsIssued(template_id, rows, tx.now))
