"""Making coupons of a template for members, within its limits. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from points_service.coupons.domain import Coupon, Head
from points_service.coupons.redeeming import Refusal

OVER = Refusal(0, "template_over", "No more coupons are issued of this template")


@dataclass(frozen=True, slots=True)
class Grant:
    """A coupon for a member. `ref` says what for; told again, the coupon is the same one."""

    member_id: UUID
    ref: str


@dataclass(frozen=True, slots=True)
class Issued:
    """`coupons` in the sequence of the grants, None where one was refused; `new` are to be kept."""

    coupons: list[Coupon | None]
    new: list[Coupon]
    refusals: list[Refusal]


def closed(head: Head, now: datetime) -> bool:
    """Whether nothing can be issued or claimed any more."""
    until = head.terms.valid_until
    no_dates = until is None and head.terms.days is None
    return head.ended_at is not None or no_dates or (until is not None and until <= now)


def shortage(head: Head, coupons: int) -> Refusal | None:
    """Why so many more cannot be promised."""
    terms = head.terms
    if terms.total is not None and head.issued + coupons > terms.total:
        return Refusal(0, "coupons_exhausted", "There are not so many left of this template")
    promised = head.committed_fen + coupons * terms.reserve_fen
    if terms.budget_fen is not None and promised > terms.budget_fen:
        return Refusal(0, "budget_exhausted", "The budget of this template is promised already")
    return None


def after_one(head: Head) -> Head:
    """The template after one more coupon."""
    reserved = head.committed_fen + head.terms.reserve_fen
    return replace(head, issued=head.issued + 1, committed_fen=reserved)


def issue(
    head: Head,
    grants: Sequence[tuple[Grant, UUID]],
    known: Mapping[UUID, Coupon],
    held: Mapping[UUID, int],
    *,
    codes: Iterator[str],
    now: datetime,
) -> Issued:
    """`grants` come with the ids of their coupons, of which `known` exist already; `held`: how
    many each member has had."""
    issued = Issued([], [], [])
    had, known = dict(held), dict(known)
    most = head.terms.per_member
    for place, (grant, coupon_id) in enumerate(grants):
        if coupon_id in known:
            issued.coupons.append(known[coupon_id])
            continue
        wrong = OVER if closed(head, now) else shortage(head, len(issued.new) + 1)
        if most is not None and had.get(grant.member_id, 0) >= most:
            wrong = Refusal(0, "member_limit", "The member has had as many as allowed")
        if wrong:
            issued.refusals.append(Refusal(place, wrong.code, wrong.title))
            issued.coupons.append(None)
            continue
        had[grant.member_id] = had.get(grant.member_id, 0) + 1
        coupon = fresh(head, next(codes), coupon_id, now, grant.member_id)
        known[coupon_id] = coupon
        issued.coupons.append(coupon)
        issued.new.append(coupon)
    return issued


def fresh(head: Head, code: str, coupon_id: UUID, now: datetime, holder: UUID) -> Coupon:
    """A new coupon in a member's hands."""
    begins, ends = head.terms.dates(now)
    return Coupon(
        code,
        coupon_id,
        head.terms,
        holder,
        now,
        begins,
        ends,
        claimed_at=now,
        reserved_fen=head.terms.reserve_fen,
    )
