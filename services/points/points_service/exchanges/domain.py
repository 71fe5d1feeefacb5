"""Exact rates, limits, and the journals of an exchange and of its reversal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import gcd
from uuid import UUID

from contracts.points.programmes import Direction, ExchangeLimits, ExchangeRate
from points_service.ledger.domain import (
    BREAKAGE,
    Account,
    Entry,
    Journal,
    JournalKind,
    debt,
    entries,
    member,
    partner,
)
from points_service.lots.domain import Lot, Returned, Use, consume, total


@dataclass(frozen=True, slots=True)
class Exchange:
    """`points` of ours against `units` of the partner's; `balance` is what the member had then."""

    exchange_id: UUID
    partner_id: str
    direction: Direction
    partner_ref: str
    member_id: UUID
    points: int
    units: int
    balance: int
    exchanged_at: datetime
    reversed_at: datetime | None = None
    reversal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """Points a member exchanged in that direction already."""

    day: int
    month: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by which journal points move."""

    journal_id: UUID
    now: datetime


def whole(rate: ExchangeRate, points: int | None, units: int | None) -> tuple[int, int] | None:
    """(points, units) that are exactly worth each other; None where one would be a fraction."""
    if points is not None:
        units, rest = divmod(points * rate.units, rate.points)
        return None if rest else (points, units)
    assert units is not None
    points, rest = divmod(units * rate.points, rate.units)
    return None if rest else (points, units)


def multiples(rate: ExchangeRate) -> tuple[int, int]:
    """Points (or units) are exchanged in multiples of this."""
    common = gcd(rate.points, rate.units)
    return rate.points // common, rate.units // common


def exceeded(limits: ExchangeLimits, used: Used, points: int) -> str | None:
    """The limit of the member's that so many more would break."""
    for name, limit, sofar in (
        ("per_exchange", limits.per_exchange, 0),
        ("member_day", limits.member_day, used.day),
        ("member_month", limits.member_month, used.month),
    ):
        if limit is not None and sofar + points > limit:
            return name
    return None


def outward(exchange: Exchange) -> Journal:
    """The member's points become the partner's."""
    return _booked(
        exchange,
        (member(exchange.member_id), -exchange.points),
        (partner(exchange.partner_id), exchange.points),
    )


def inward(exchange: Exchange, owed: int, expires_at: datetime) -> tuple[Journal, Lot, list[Use]]:
    """The partner's become the member's: a lot, and what of it pays a debt at once."""
    paid = min(owed, exchange.points)
    journal = _booked(
        exchange,
        (partner(exchange.partner_id), -exchange.points),
        (member(exchange.member_id), exchange.points - paid),
        (debt(exchange.member_id), paid),
    )
    lot_id = exchange.exchange_id
    lot = Lot(
        lot_id=lot_id,
        member_id=exchange.member_id,
        earned_by=exchange.member_id,
        earned_at=exchange.exchanged_at,
        expires_at=expires_at,
        points=exchange.points,
        remaining=exchange.points,
    )
    return journal, lot, [Use(lot_id, lot_id, paid)] if paid else []


def given_back(exchange: Exchange, holder: UUID, returned: Returned, at: Moment) -> Journal:
    """An exchange out that failed: into the very lots."""
    lines = entries((partner(exchange.partner_id), -exchange.points), *returned.lines(holder))
    return _reversed(exchange, lines, at)


def taken_back(
    exchange: Exchange, holder: UUID, lots: Sequence[Lot], at: Moment
) -> tuple[Journal, list[Use]]:
    """An exchange in that failed: from its own lot, then from others; the rest is owed."""
    own = next(lot for lot in lots if lot.lot_id == exchange.exchange_id)
    live = min(exchange.points, own.remaining)
    gone = min(exchange.points - live, own.expired)
    uses = {own.lot_id: Use(at.journal_id, own.lot_id, live + gone, gone)} if live + gone else {}
    rest = [replace(lot, remaining=0) if lot is own else lot for lot in lots]
    for use in consume(rest, exchange.points - live - gone, at.journal_id, at.now):
        uses[use.lot_id] = use
    taken = total(list(uses.values()))
    lines = entries(
        (partner(exchange.partner_id), exchange.points),
        (BREAKAGE, -gone),
        (member(holder), gone - taken),
        (debt(holder), taken - exchange.points),
    )
    return _reversed(exchange, lines, at), list(uses.values())


def _booked(exchange: Exchange, *lines: tuple[Account, int]) -> Journal:
    return Journal(
        exchange.exchange_id,
        JournalKind.EXCHANGE,
        str(exchange.exchange_id),
        exchange.exchanged_at,
        entries(*lines),
    )


def _reversed(exchange: Exchange, lines: tuple[Entry, ...], at: Moment) -> Journal:
    ref = f"exchange/{exchange.exchange_id}"
    return Journal(at.journal_id, JournalKind.REVERSE, ref, at.now, lines)
