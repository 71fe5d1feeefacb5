"""Keeping offers and showing them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.events import CouponOffered
from contracts.points import coupons as api
from contracts.points_events import CouponRolledBack, CouponsIssued
from points_service.coupons import codes, issuing, repository, templates
from points_service.coupons.domain import Coupon, Effect, Terms, campaign_template, reverse
from points_service.coupons.issuing import Grant
from points_service.coupons.redeeming import Refusal
from points_service.ledger.domain import Journal
from points_service.members import repository as members
from points_service.members.use_cases import existing, unknown_member

COUPONS_AN_EVENT = 2_000


async def keep(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Store offered coupons, for whoever the member is by now; told again, nothing changes."""
    holders = await members.lock(tx, [event.member_id for event in events])
    stored = await repository.known(tx, {event.code for event in events})
    new = {event.code: event for event in events if event.code not in stored}
    terms = {code: _offered(event) for code, event in new.items()}
    await templates.put(tx, list(terms.values()), exist=True)
    await templates.count(tx, [each.template.template_id for each in terms.values()])
    await repository.add(
        tx,
        [
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
        ],
    )


def _offered(event: CouponOffered) -> Terms:
    return Terms(campaign_template(event.campaign_id, event.percent_off))


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
    held: dict[UUID, int] = {}
    ids = [tx.ids.derive("coupon", str(template_id), grant.ref) for grant in grants]
    known = await repository.by_id(tx, ids)
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


def tell_issued(tx: Tx, coupons: Sequence[Coupon]) -> None:
    """Coupons of one template are members' now."""
    for start in range(0, len(coupons), COUPONS_AN_EVENT):
        part = coupons[start : start + COUPONS_AN_EVENT]
        rows = [(each.coupon_id, each.code, each.member_id) for each in part if each.member_id]
        tx.publish(CouponsIssued(part[0].template.template_id, rows, tx.now))


def unknown_template() -> Problem:
    """404: there is no such template."""
    return Problem(404, "unknown_template", "There is no such coupon template")


async def withdraw(tx: Tx, codes: Collection[str]) -> bool:
    """Take coupons back that were issued for something now undone; False (and nothing is done)
    where one was used. The member is locked before."""
    locked = await repository.lock(tx, codes)
    if any(coupon.order_no is not None for coupon in locked.values()):
        return False
    await repository.withdraw(tx, locked.values())
    return True


async def roll_back(tx: Tx, order_no: str, codes: Collection[str]) -> list[Journal]:
    """An order's coupons are good again where their date has not passed; those that another order
    uses by now are left alone. Answers what is to be posted; the members are locked before."""
    locked = await repository.lock(tx, codes)
    used = [coupon for coupon in locked.values() if coupon.order_no == order_no]
    await repository.roll_back(tx, used)
    for coupon in used:
        assert coupon.member_id is not None
        tx.publish(
            CouponRolledBack(coupon.code, coupon.member_id, order_no, coupon.lasts(tx.now), tx.now)
        )
    journals = [reverse(coupon, tx.ids.new(), tx.now) for coupon in used]
    return [journal for journal in journals if journal]


async def show(tx: Tx, member_id: UUID) -> api.Coupons:
    """A member's coupons; raises Problem 404."""
    member = await existing(tx, member_id)
    held = await repository.held_by(tx, member.member_id)
    return api.Coupons(
        data=[
            api.Coupon(
                code=coupon.code,
                campaign_id=coupon.campaign_id,
                percent_off=(
                    coupon.template.value if coupon.template.effect is Effect.PERCENT else 0
                ),
                valid_from=coupon.valid_from,
                valid_until=coupon.valid_until,
                status=coupon.status(tx.now),
                order_no=coupon.order_no,
            )
            for coupon in held
        ]
    )
