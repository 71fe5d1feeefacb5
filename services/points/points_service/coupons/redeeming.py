"""Claiming codes and using coupons, many callers' in one transaction, one after another. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from points_service.coupons.discounts import discount
from points_service.coupons.domain import Coupon, Use, clash, objection
from points_service.ledger.domain import Journal


@dataclass(frozen=True, slots=True)
class Found:
    """Coupons by code, locked with all that limits their use.

    `left`: fen that budgets still allow, by template, where they were not reserved at issue.
    `held`: coupons a member has had of a template that limits them, by (member, template).
    """

    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    left: Mapping[UUID, int] = field(default_factory=dict)
    held: Mapping[tuple[UUID, UUID], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which of an order's coupons cannot be used, and why."""

    place: int
    code: str
    title: str


class Redeeming:
    """A fold over orders, each of which uses all of its coupons or none of them, and over claims.

    What was claimed is written before what was used: one code may be both.
    """

    def __init__(self, found: Found) -> None:
        self.uses: list[Use] = []
        self.claims: list[Coupon] = []
        self._coupons = dict(found.coupons)
        self._left = dict(found.left)
        self._held = dict(found.held)

    def objection(
        self, codes: Sequence[str], holder: UUID, at: datetime, order_no: str | None = None
    ) -> Refusal | None:
        """Why this member cannot use them together at that moment, as far as that has no price."""
        for place, code in enumerate(codes):
            coupon = self._coupons.get(code)
            if coupon and code in codes[:place]:
                coupon = replace(coupon, order_no="")
            wrong = objection(coupon, holder, at, order_no)
            if wrong:
                return Refusal(place, *wrong)
        found = [self._coupons[code] for code in codes]
        if pair := clash([coupon.template for coupon in found]):
            return Refusal(pair[1], "coupons_exclude", "These coupons cannot be used together")
        for place, coupon in enumerate(found):
            most = coupon.terms.per_member
            if coupon.member_id is None and most is not None and self._has(coupon, holder) >= most:
                return Refusal(place, "member_limit", "The member has had as many as allowed")
        return None

    def coupon(self, codes: Iterable[str]) -> Coupon | None:
        """The one that any of these codes names."""
        return next((self._coupons[code] for code in codes if code in self._coupons), None)

    def claim(self, coupon: Coupon, holder: UUID, at: datetime) -> Coupon | Refusal:
        """A code that is nobody's becomes this member's."""
        most = coupon.terms.per_member
        if most is not None and self._has(coupon, holder) >= most:
            return Refusal(0, "member_limit", "The member has had as many as allowed")
        begins, ends = coupon.terms.dates(at)
        claimed = replace(
            coupon, member_id=holder, claimed_at=at, valid_from=begins, valid_until=ends
        )
        self._count(claimed, holder)
        self._coupons[coupon.code] = claimed
        self.claims.append(claimed)
        return claimed

    def coupons(self, codes: Sequence[str]) -> list[Coupon]:
        """Those of an order that `objection` has nothing against."""
        return [self._coupons[code] for code in codes]

    def discounts(self, codes: Sequence[str]) -> list[int]:
        """What each takes off, in fen, once it is used."""
        found = (self._coupons.get(code) for code in codes)
        return [coupon.off_fen if coupon else 0 for coupon in found]

    def use(
        self, offs: Sequence[tuple[str, int]], *, order_no: str, holder: UUID, at: datetime
    ) -> Refusal | None:
        """Use them all: (code, fen it takes off). None of them where a budget cannot pay.

        One that was redeemed ahead for this order stays as it is.
        """
        uses = [
            Use(self._coupons[code], holder, order_no, at, off)
            for code, off in offs
            if self._coupons[code].order_no is None
        ]
        left = dict(self._left)
        for use in uses:
            template_id = use.coupon.template.template_id
            if use.extra_fen:
                left[template_id] = left.get(template_id, 0) - use.extra_fen
                if left[template_id] < 0:
                    place = [code for code, _ in offs].index(use.coupon.code)
                    return Refusal(place, "budget_exhausted", "The budget of this coupon is used")
        self._left = left
        for use in uses:
            if use.coupon.member_id is None:
                self._count(use.coupon, holder)
            self._coupons[use.coupon.code] = use.after
        self.uses += uses
        return None

    def journals(self, new_id: Callable[[], UUID]) -> list[Journal]:
        """What to post for all uses, with everything else of the transaction."""
        return [journal for use in self.uses if (journal := discount(use, new_id()))]

    def _count(self, coupon: Coupon, holder: UUID) -> None:
        self._held[holder, coupon.template.template_id] = self._has(coupon, holder) + 1

    def _has(self, coupon: Coupon, holder: UUID) -> int:
        return self._held.get((holder, coupon.template.template_id), 0)
