"""Rewards, who may have them, and exchanging points for them and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from points_service.ledger.domain import Journal, JournalKind, entries, honouring, member
from points_service.lots.domain import (
    Depreciation,
    Lot,
    Part,
    Returned,
    Use,
    consume,
    give_back,
    redeemable,
)
from points_service.members.domain import Member
from points_service.redemption.domain import PROGRAMME


class Kind(StrEnum):
    """What is handed out."""

    GOODS = "goods"
    COUPON = "coupon"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Reward:
    """`taken` of `stock` are gone; None is without end. No `tiers` means any."""

    reward_id: str
    name_zh: str
    name_en: str
    kind: Kind
    points: int
    stock: int | None
    member_limit: int | None
    valid_from: datetime
    valid_until: datetime | None
    tiers: tuple[str, ...] = ()
    sku: str | None = None
    template_id: UUID | None = None
    taken: int = 0

    def fault(self) -> tuple[str, str, str] | None:
        """(code, title, pointer) of what contradicts itself, or None."""
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            return "ends_before_it_begins", "It would never be valid", "/valid_until"
        if (self.kind is Kind.COUPON) != (self.template_id is not None):
            return "template_of_coupons", "A coupon, and only a coupon, has one", "/template_id"
        if self.sku is not None and self.kind is not Kind.GOODS:
            return "article_of_goods", "Only goods are an article", "/sku"
        if self.stock is not None and self.stock < self.taken:
            return "stock_is_gone", "More than that are gone already", "/stock"
        return None

    def objection(
        self, quantity: int, tier: str, had: int, now: datetime
    ) -> tuple[str, str, str] | None:
        """(code, title, pointer) of why a member of that tier who `had` some cannot have more."""
        if now < self.valid_from or (self.valid_until is not None and now >= self.valid_until):
            return "reward_not_valid", "This reward cannot be had now", ""
        if self.tiers and tier not in self.tiers:
            return "other_tier", "This reward is for members of other tiers", ""
        if self.member_limit is not None and had + quantity > self.member_limit:
            return "member_limit", "The member would have more than allowed", "/quantity"
        if self.stock is not None and self.taken + quantity > self.stock:
            return "out_of_stock", "There are not so many left", "/quantity"
        return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """Points exchanged for a reward."""

    exchange_id: UUID
    reward_id: str
    member_id: UUID
    quantity: int
    points: int
    store: str | None
    coupons: tuple[str, ...]
    exchanged_at: datetime
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """An exchange and what has to be written."""

    exchange: Exchange
    balance: int
    journal: Journal
    uses: list[Use]


def exchange(
    reward: Reward,
    before: Member,
    held: Sequence[Lot],
    quantity: int,
    *,
    store: str | None,
    exchange_id: UUID,
    now: datetime,
) -> Taken | None:
    """Burn what the reward costs; None where there are not enough points."""
    points = reward.points * quantity
    if redeemable(held, now) < points:
        return None
    lines = entries((member(before.member_id), -points), (honouring(store or PROGRAMME), points))
    return Taken(
        exchange=Exchange(
            exchange_id, reward.reward_id, before.member_id, quantity, points, store, (), now
        ),
        balance=before.balance - points,
        journal=Journal(exchange_id, JournalKind.BURN, str(exchange_id), now, lines),
        uses=consume(held, points, exchange_id, now),
    )


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An undone exchange and what has to be written; `back` points can be spent again."""

    exchange: Exchange
    journal: Journal
    returned: Returned
    back: int


def cancel(
    done: Exchange,
    holder: Member,
    parts: Sequence[Part],
    depreciations: Sequence[Depreciation],
    *,
    journal_id: UUID,
    now: datetime,
) -> Cancelled:
    """Reverse the journal: points go back to the very lots, and pay what is owed first."""
    returned = give_back(
        done.exchange_id,
        parts,
        owed=holder.owed,
        since=done.exchanged_at,
        depreciations=depreciations,
        journal_id=journal_id,
        now=now,
    )
    lines = entries(
        (honouring(done.store or PROGRAMME), -done.points), *returned.lines(holder.member_id)
    )
    ref = str(done.exchange_id)
    return Cancelled(
        exchange=replace(done, cancelled_at=now),
        journal=Journal(journal_id, JournalKind.REVERSE, ref, now, lines),
        returned=returned,
        back=returned.live - sum(use.points for use in returned.uses),
    )
