"""The arithmetic of a price: it sees the cart, the tier's percentage, coupons and points, nobody.

1. The tier price of each line: list price less what the tier takes off, rounded down a line.
2. Coupons, each reckoned from tier prices (its threshold too) and taken off what those before it
   left: first percent, then cash, gifts, delivery; of one effect, the one that ends first.
3. Points, last: whole multiples, up to the allowed share of what is left, over all lines and the
   delivery in proportion.

Everything is allocated to lines by largest remainder, so that parts add up to the fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from points_service.coupons.domain import Template
from points_service.pricing.rules import RULES
from points_service.pricing.rules.rule import Amounts, Cart, Question, spread

TIER_PRICE, POINTS = "tier_price", "points"
_SEQUENCE = {effect: place for place, effect in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class TierPrice:
    """What members of a tier pay of the list price, in percent."""

    tier: str
    percent: int = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon that may be used."""

    code: str
    ends: datetime
    template: Template


@dataclass(frozen=True, slots=True)
class Wallet:
    """Points that may be spent: of `available`, `at_most` (None: as many as allowed).

    They come in multiples and pay at most `share_percent` of what is left to pay.
    """

    available: int
    at_most: int | None
    multiple: int
    per_yuan: int
    share_percent: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one thing takes off: kind, the tier's or template's name, and where it goes."""

    kind: str
    name: str
    off: Amounts
    code: str | None = None
    points: int = 0
    gifts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """Steps in their sequence and what is left to pay: list − Σ steps = pays, line by line."""

    steps: tuple[Step, ...]
    pays: Amounts

    @property
    def codes(self) -> list[str]:
        """Coupons that are used."""
        return [step.code for step in self.steps if step.code is not None]

    @property
    def points(self) -> int:
        """Points that are spent."""
        return sum(step.points for step in self.steps)

    @property
    def gifts(self) -> list[tuple[str, int]]:
        """What is handed out on top: (sku, pieces)."""
        return [gift for step in self.steps for gift in step.gifts]


def listed(cart: Cart) -> Amounts:
    """The cart at list price."""
    return Amounts(tuple(line.list_fen for line in cart.lines), cart.delivery_fen)


def tier_step(cart: Cart, tier: TierPrice) -> Step:
    """What the tier takes off; the delivery has no tier price."""
    off = tuple(line.list_fen * (100 - tier.percent) // 100 for line in cart.lines)
    return Step(TIER_PRICE, tier.tier, Amounts(off))


def scope_of(template: Template, cart: Cart) -> tuple[int, ...]:
    """Places of the lines a coupon is good for; none at all in a store or channel that is not."""
    scope = template.scope
    if scope.stores and cart.store not in scope.stores:
        return ()
    if scope.channels and cart.channel not in scope.channels:
        return ()
    return tuple(
        place
        for place, line in enumerate(cart.lines)
        if (not scope.departments or line.department in scope.departments)
        and (not scope.categories or line.category in scope.categories)
        and (not scope.skus or line.sku in scope.skus)
    )


def unfit(template: Template, cart: Cart, base: Amounts) -> tuple[str, str] | None:
    """Why a coupon does nothing for a cart at these tier prices: (code, title), or None."""
    scope = scope_of(template, cart)
    if not scope:
        return "coupon_out_of_scope", "This coupon is not for these goods or not for this place"
    if sum(base.lines[place] for place in scope) < template.threshold_fen:
        return "coupon_below_threshold", "The goods of this coupon cost less than it asks for"
    return None


def in_sequence(offers: Sequence[Offer]) -> list[Offer]:
    """As they are reckoned, whatever sequence they were named in."""
    return sorted(
        offers, key=lambda offer: (_SEQUENCE[offer.template.effect], offer.ends, offer.code)
    )


def coupon_steps(cart: Cart, base: Amounts, offers: Sequence[Offer]) -> tuple[list[Step], Amounts]:
    """All these coupons, which fit and do not exclude each other; and what they leave."""
    left, steps = base, []
    for offer in in_sequence(offers):
        template = offer.template
        question = Question(cart, base, left, scope_of(template, cart))
        taken = RULES[template.effect](template, question)
        left = left.less(taken.off)
        steps.append(Step(template.effect, template.name, taken.off, offer.code, gifts=taken.gifts))
    return steps, left


def points_step(left: Amounts, wallet: Wallet) -> Step | None:
    """As many points as may be and are wanted; None where that is not a single multiple."""
    limit = left.total * wallet.share_percent // 100
    wanted = wallet.available if wallet.at_most is None else wallet.at_most
    enough = ((limit + 1) * wallet.per_yuan - 1) // 100  # the most that is worth `limit` at most
    points = min(wanted, wallet.available, enough) // wallet.multiple * wallet.multiple
    off = points * 100 // wallet.per_yuan
    if points <= 0 or off == 0:
        return None
    *lines, delivery = spread(off, [*left.lines, left.delivery])
    return Step(POINTS, POINTS, Amounts(tuple(lines), delivery), points=points)


def price(cart: Cart, tier: TierPrice, offers: Sequence[Offer], wallet: Wallet | None) -> Price:
    """The price with all of `offers`, which fit and do not exclude each other."""
    first = tier_step(cart, tier)
    base = listed(cart).less(first.off)
    steps, left = coupon_steps(cart, base, offers)
    last = points_step(left, wallet) if wallet else None
    if last:
        left = left.less(last.off)
    told = [first] if first.off.total else []
    return Price((*told, *steps, *([last] if last else [])), left)
