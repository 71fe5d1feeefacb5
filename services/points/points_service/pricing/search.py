"""The best of many coupons: which of them together leave the least to pay.

Of two combinations with the same to pay: more gifts, then fewer coupons, then those that end first,
then the smaller codes. Points have no say: they are the member's own money and come after coupons.

A group gives one coupon at most, so there are Π (coupons of the group + 1) combinations. They are
walked through branch by branch; a branch that cannot beat the best found so far is left out, which
costs nothing of the exactness: no coupon takes more off beside others than alone. The
`MOST_COUPONS` worth most are looked at, and `WORK` bounds the time: it is enough for every
combination of 20 coupons in five groups over a cart of 20 lines. Beyond it the best found stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from points_service.pricing.domain import (
    Offer,
    TierPrice,
    coupon_steps,
    listed,
    tier_step,
    unfit,
)
from points_service.pricing.rules.rule import Amounts, Cart

MOST_COUPONS = 20
WORK = 400_000  # lines looked at, coupon by coupon

Rank = tuple[int, int, int, list[datetime], list[str]]


@dataclass(frozen=True, slots=True)
class _Alone:
    """A coupon and what it would do if it were the only one."""

    offer: Offer
    off: int
    gifts: int


@dataclass(slots=True)
class _Walk:
    cart: Cart
    base: Amounts
    groups: list[list[_Alone]]
    ahead: list[tuple[int, int]]  # most that the groups from here on can take off, and hand out
    work: int = WORK
    best: Rank | None = None
    chosen: list[Offer] = field(default_factory=list)

    def step(self, depth: int, taken: list[_Alone]) -> None:
        if self.work <= 0 or self._hopeless(depth, taken):
            return
        if depth == len(self.groups):
            self._weigh([alone.offer for alone in taken])
            return
        for alone in self.groups[depth]:
            self.step(depth + 1, [*taken, alone])
        self.step(depth + 1, taken)

    def _hopeless(self, depth: int, taken: list[_Alone]) -> bool:
        if self.best is None:
            return False
        off, gifts = self.ahead[depth]
        off += sum(alone.off for alone in taken)
        gifts += sum(alone.gifts for alone in taken)
        bound = (max(0, self.base.total - off), -gifts, len(taken))
        return bound > self.best[:3]

    def _weigh(self, offers: list[Offer]) -> None:
        self.work -= (len(offers) + 1) * (len(self.cart.lines) + 1)
        steps, left = coupon_steps(self.cart, self.base, offers)
        gifts = sum(pieces for step in steps for _, pieces in step.gifts)
        ends = sorted(offer.ends for offer in offers)
        rank = (left.total, -gifts, len(offers), ends, sorted(offer.code for offer in offers))
        if self.best is None or rank < self.best:
            self.best, self.chosen = rank, offers


def best(cart: Cart, tier: TierPrice, offers: Sequence[Offer]) -> list[Offer]:
    """The combination that leaves the least to pay, of coupons that may be used."""
    base = listed(cart).less(tier_step(cart, tier).off)
    useful = [_alone(cart, base, each) for each in offers if not unfit(each.template, cart, base)]
    useful = sorted((each for each in useful if each.off or each.gifts), key=_worth)
    groups: dict[str, list[_Alone]] = {}
    for each in useful[:MOST_COUPONS]:
        groups.setdefault(each.offer.template.stacking_group, []).append(each)
    ordered = list(groups.values())
    ahead = [(0, 0)]
    for group in reversed(ordered):
        off, gifts = ahead[0]
        more = max(each.off for each in group), max(each.gifts for each in group)
        ahead.insert(0, (off + more[0], gifts + more[1]))
    walk = _Walk(cart, base, ordered, ahead)
    walk.step(0, [])
    return walk.chosen


def _alone(cart: Cart, base: Amounts, offer: Offer) -> _Alone:
    steps, left = coupon_steps(cart, base, [offer])
    gifts = sum(pieces for _, pieces in steps[0].gifts)
    return _Alone(offer, base.total - left.total, gifts)


def _worth(alone: _Alone) -> tuple[int, int, datetime, str]:
    return -alone.off, -alone.gifts, alone.offer.ends, alone.offer.code
