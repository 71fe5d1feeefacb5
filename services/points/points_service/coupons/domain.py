"""Templates, coupons, and when a coupon may be used."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Effect(StrEnum):
    """What a coupon gives; `Template.value` is in the unit named here."""

    CASH_OFF = "cash_off"  # fen, once `threshold_fen` of its goods is in the cart
    PERCENT = "percent"  # percent off its goods, at most `max_off_fen`
    GIFT = "gift"  # so many pieces of `gift_sku` for nothing
    FREE_DELIVERY = "free_delivery"  # the delivery fee, at most so many fen (0: all of it)


@dataclass(frozen=True, slots=True)
class Scope:
    """Goods and places a coupon is good for; an empty set means any."""

    stores: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Template:
    """What every coupon of a kind promises: all that a price needs to know.

    Coupons of one `stacking_group` exclude each other in an order; those of different groups add
    up. `cost_shares` are (merchant, percent) and add up to 100. `name` is English.
    """

    template_id: UUID
    name: str
    effect: Effect
    value: int
    threshold_fen: int = 0
    max_off_fen: int | None = None
    gift_sku: str | None = None
    scope: Scope = field(default_factory=Scope)
    stacking_group: str = "default"
    cost_shares: tuple[tuple[str, int], ...] = (("programme", 100),)
    name_zh: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """A version of a template. Coupons keep the version they were issued with.

    Either the dates are fixed, or a coupon is good for `days` from its claim; neither: whoever
    issues says when (campaigns). `claimable`: members may take one without having been given it.
    With a budget, a cash-off coupon reserves its worst case when it is issued; what others take is
    only known, and checked, when they are used. `each_fen`: each coupon of a
    campaign reserves so much, whatever it is.
    """

    template: Template
    wording: str = ""
    wording_zh: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    days: int | None = None
    per_member: int | None = None
    total: int | None = None
    budget_fen: int | None = None
    claimable: bool = False
    version: int = 1
    each_fen: int | None = None

    @property
    def reserve_fen(self) -> int:
        """What of the budget a coupon holds from its issue on."""
        if self.budget_fen is None:
            return 0
        if self.each_fen is not None:
            return self.each_fen
        return self.template.value if self.template.effect is Effect.CASH_OFF else 0

    def dates(self, claimed_at: datetime) -> tuple[datetime, datetime]:
        """From when to when a coupon is good that came to its member at that moment."""
        if self.days is not None:
            return claimed_at, claimed_at + timedelta(days=self.days)
        assert self.valid_from and self.valid_until, "campaigns bring their own dates"
        return self.valid_from, self.valid_until


@dataclass(frozen=True, slots=True)
class Head:
    """A template as it is now.

    `issued` counts its coupons, `committed_fen` is what they may cost its budget, or did.
    """

    terms: Terms
    created_at: datetime
    ended_at: datetime | None
    issued: int
    committed_fen: int


@dataclass(frozen=True, slots=True)
class Pool:
    """Codes ordered in bulk: `made` of `size` exist. The n-th has the id n after the pool's."""

    pool_id: UUID
    template_id: UUID
    version: int
    prefix: str
    size: int
    made: int
    created_at: datetime
    finished_at: datetime | None = None

    def coupon_id(self, number: int) -> UUID:
        """Of the n-th code, from 1: one look at an index finds any part of a pool."""
        return UUID(int=self.pool_id.int + number)


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of coupons: those in members' hands are claimed, used or not."""

    issued: int = 0
    claimed: int = 0
    redeemed: int = 0
    rolled_back: int = 0
    expired: int = 0
    discount_fen: int = 0

    def __add__(self, other: "Funnel") -> "Funnel":
        return Funnel(
            self.issued + other.issued,
            self.claimed + other.claimed,
            self.redeemed + other.redeemed,
            self.rolled_back + other.rolled_back,
            self.expired + other.expired,
            self.discount_fen + other.discount_fen,
        )


class Status(StrEnum):
    """Where a coupon stands; rolling back makes it `claimed` again, or `expired`."""

    ISSUED = "issued"  # a code of a pool that nobody holds yet
    CLAIMED = "claimed"  # a member's, to be used
    REDEEMED = "redeemed"
    EXPIRED = "expired"  # its date has passed, or its template ended before it was claimed


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon. `member_id` None: a code of a pool; who has it first may claim or use it.

    `order_no` is the order that uses it now, `off_fen` what it took off, `uses` how often it was
    ever used, `rolled_back` the last order that gave it back. `reserved_fen` is its part of what
    its template's budget has promised. Unclaimed codes may have no dates yet.
    """

    code: str
    coupon_id: UUID
    terms: Terms
    member_id: UUID | None
    issued_at: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    campaign_id: UUID | None = None
    pool_id: UUID | None = None
    claimed_at: datetime | None = None
    reserved_fen: int = 0
    order_no: str | None = None
    redeemed_at: datetime | None = None
    off_fen: int = 0
    uses: int = 0
    rolled_back: str | None = None
    closed_at: datetime | None = None
    ended_at: datetime | None = None  # of its template

    @property
    def template(self) -> Template:
        """What it promises."""
        return self.terms.template

    def lasts(self, now: datetime) -> bool:
        """Whether its date, if it has one, has not passed; a clock set back changes nothing."""
        return self.closed_at is None and (self.valid_until is None or now < self.valid_until)

    @property
    def may_take_more(self) -> bool:
        """Whether its use may need more of a budget than it has reserved; a gift's price rises."""
        unsure = self.closed_at is not None or self.template.effect is Effect.GIFT
        return self.terms.budget_fen is not None and (unsure or not self.reserved_fen)

    def rolled_back_at(self, now: datetime) -> "Coupon":
        """The same, not used by its order after all; past its date it stays closed.

        A budget keeps its promise to those that still last.
        """
        lasts = self.lasts(now)
        return replace(
            self,
            order_no=None,
            redeemed_at=None,
            off_fen=0,
            rolled_back=self.order_no,
            reserved_fen=min(self.terms.reserve_fen, self.reserved_fen) if lasts else 0,
            closed_at=self.closed_at if lasts else self.closed_at or now,
        )

    def status(self, now: datetime) -> Status:
        """Where it stands at that moment."""
        if self.order_no is not None:
            return Status.REDEEMED
        if not self.lasts(now):
            return Status.EXPIRED
        if self.member_id is not None:
            return Status.CLAIMED
        return Status.ISSUED if self.ended_at is None else Status.EXPIRED


@dataclass(frozen=True, slots=True)
class Use:
    """A coupon used in an order: `coupon` as it was before, `off_fen` what it took off."""

    coupon: Coupon
    member_id: UUID
    order_no: str
    at: datetime
    off_fen: int = 0

    @property
    def dates(self) -> tuple[datetime | None, datetime | None]:
        """The coupon's; those of an unclaimed code begin with its use."""
        if self.coupon.member_id is None:
            return self.coupon.terms.dates(self.at)
        return self.coupon.valid_from, self.coupon.valid_until

    @property
    def after(self) -> Coupon:
        """The coupon, used."""
        begins, ends = self.dates
        return replace(
            self.coupon,
            member_id=self.member_id,
            claimed_at=self.coupon.claimed_at or self.at,
            valid_from=begins,
            valid_until=ends,
            order_no=self.order_no,
            redeemed_at=self.at,
            off_fen=self.off_fen,
            uses=self.coupon.uses + 1,
            reserved_fen=self.coupon.reserved_fen + self.extra_fen,
        )

    @property
    def extra_fen(self) -> int:
        """What the template's budget must still promise for it; 0 without a budget."""
        if self.coupon.terms.budget_fen is None:
            return 0
        return max(0, self.off_fen - self.coupon.reserved_fen)


def objection(
    coupon: Coupon | None, holder: UUID, at: datetime, order_no: str | None = None
) -> tuple[str, str] | None:
    """Why this member cannot use it in an order of that moment: (code, title), or None.

    A till may bring its orders late, so it is the date that counts, not whether the coupon was
    closed meanwhile. It may have been redeemed ahead for this very order.
    """
    if coupon is None:
        return "unknown_coupon", "There is no such coupon"
    if coupon.member_id not in (None, holder):
        return "foreign_coupon", "This coupon belongs to another member"
    if coupon.order_no is not None:
        ours = coupon.order_no == order_no
        return None if ours else ("coupon_redeemed", "This coupon was used before")
    if not _is_time(coupon, at):
        return "coupon_not_valid", "This coupon is not valid at that time"
    return None


def _is_time(coupon: Coupon, at: datetime) -> bool:
    ends = [coupon.valid_until, coupon.ended_at if coupon.member_id is None else None]
    begun = coupon.valid_from is None or coupon.valid_from <= at
    return begun and all(end is None or at < end for end in ends)


def direct_off(
    template: Template, amount_fen: int | None, order_fen: int | None
) -> int | tuple[str, str, str]:
    """What a coupon takes off where there is no cart: (code, title, pointer) if that cannot be.

    The till says what it took off, what the goods cost, or both; it vouches for the articles.
    """
    if order_fen is None and (template.threshold_fen or template.effect is Effect.PERCENT):
        return "missing", "This coupon depends on what the goods cost", "/order_amount"
    if order_fen is not None and order_fen < template.threshold_fen:
        return "below_threshold", "The order is below the threshold", "/order_amount"
    most = _most(template, order_fen)
    if amount_fen is None and most is None:
        return "missing", "It cannot be worked out from what is given", "/amount"
    off = most if amount_fen is None else amount_fen
    assert off is not None
    if most is not None and off > most:
        return "too_much", "The coupon does not take off so much", "/amount"
    return off


def _most(template: Template, order_fen: int | None) -> int | None:
    """The most it can take off, None where only the till knows."""
    if template.effect is Effect.CASH_OFF:
        return template.value if order_fen is None else min(template.value, order_fen)
    if template.effect is Effect.PERCENT and order_fen is not None:
        off = order_fen * template.value // 100
        return off if template.max_off_fen is None else min(off, template.max_off_fen)
    return template.value or None if template.effect is Effect.FREE_DELIVERY else None


def clash(templates: Sequence[Template]) -> tuple[int, int] | None:
    """Places of the first two coupons of an order that exclude each other, or None."""
    first: dict[str, int] = {}
    for place, template in enumerate(templates):
        if template.stacking_group in first:
            return first[template.stacking_group], place
        first[template.stacking_group] = place
    return None
