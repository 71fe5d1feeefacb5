"""A package's price is split over its components for good: shares add up, so refunds do."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.points.packages import Package
from points_service.ledger.domain import (
    Account,
    AccountKind,
    Journal,
    JournalKind,
    entries,
    honouring,
    member,
)
from points_service.lots.domain import Part, Returned


@dataclass(frozen=True, slots=True)
class Purchase:
    """A package bought; the id is that of the journal of its points."""

    purchase_id: UUID
    package_id: str
    member_id: UUID
    points: int
    fen: int
    tender: str
    bought_at: datetime


@dataclass(frozen=True, slots=True)
class Voucher:
    """A component to be had once, with its share of the price."""

    code: str
    purchase_id: UUID
    component_id: str
    partner_id: str
    points: int
    fen: int
    valid_until: datetime
    redeemed_at: datetime | None = None
    refunded_at: datetime | None = None

    @property
    def unused(self) -> bool:
        """Neither had nor given back."""
        return self.redeemed_at is None and self.refunded_at is None


def shares(whole: int, weights: Sequence[int]) -> list[int]:
    """`whole` split by weights: rounded down, and what is left over goes one each to those who
    lost most by it, the first of equal ones first. They add up to `whole`.
    """
    total = sum(weights)
    found = [divmod(whole * weight, total) for weight in weights]
    left = whole - sum(share for share, _ in found)
    most = sorted(range(len(weights)), key=lambda place: (-found[place][1], place))[:left]
    return [share + (place in most) for place, (share, _) in enumerate(found)]


def code(random: bytes) -> str:
    """16 characters that nobody guesses, of 10 random bytes."""
    return base64.b32encode(random).decode()


def vouchers(package: Package, purchase: Purchase, random: Callable[[], bytes]) -> list[Voucher]:
    """One a component."""
    weights = [each.weight for each in package.components]
    points, fen = shares(purchase.points, weights), shares(purchase.fen, weights)
    return [
        Voucher(
            code=code(random()),
            purchase_id=purchase.purchase_id,
            component_id=each.component_id,
            partner_id=each.partner_id,
            points=points[place],
            fen=fen[place],
            valid_until=purchase.bought_at + timedelta(days=package.voucher_days),
        )
        for place, each in enumerate(package.components)
    ]


def bought(purchase: Purchase, found: Sequence[Voucher], money_id: UUID) -> list[Journal]:
    """Points to who honours them, money to whose sale it is: a journal each."""
    points = entries(
        (member(purchase.member_id), -purchase.points),
        *((honouring(each.partner_id), each.points) for each in found),
    )
    money = entries(
        (_cash(purchase), -purchase.fen),
        *((Account(AccountKind.SALES, each.partner_id), each.fen) for each in found),
    )
    ref, at = f"package/{purchase.purchase_id}", purchase.bought_at
    journals = (
        Journal(purchase.purchase_id, JournalKind.BURN, ref, at, points),
        Journal(money_id, JournalKind.SPEND, ref, at, money),
    )
    return [each for each in journals if each.entries]


def first_back(parts: Sequence[Part], points: int) -> list[Part]:
    """Parts to give back of what a purchase took: the lot that lasts longest first."""
    found = []
    for part in sorted(parts, key=_longest_first, reverse=True):
        taken = min(points, part.points)
        if taken:
            found.append(Part(part.lot, taken))
        points -= taken
    return found


def _longest_first(part: Part) -> tuple[datetime, datetime, UUID]:
    return part.lot.expires_at, part.lot.earned_at, part.lot.lot_id


def refunded(
    purchase: Purchase,
    back: Sequence[Voucher],
    returned: Returned,
    *,
    holder: UUID,
    ids: tuple[UUID, UUID],
    now: datetime,
) -> list[Journal]:
    """The same backwards for these vouchers; `ids` are those of the two journals."""
    points = entries(
        *((honouring(each.partner_id), -each.points) for each in back), *returned.lines(holder)
    )
    money = entries(
        *((Account(AccountKind.SALES, each.partner_id), -each.fen) for each in back),
        (_cash(purchase), sum(each.fen for each in back)),
    )
    names = ",".join(each.component_id for each in back)
    ref = f"package/{purchase.purchase_id}/{names}"
    journals = (
        Journal(ids[0], JournalKind.REVERSE, ref, now, points),
        Journal(ids[1], JournalKind.PAY_BACK, ref, now, money),
    )
    return [each for each in journals if each.entries]


def _cash(purchase: Purchase) -> Account:
    return Account(AccountKind.CASH, purchase.tender)
