"""Goods given back: what was paid for them, to the fen.

What was paid is allocated to the lines (as quoted; else in proportion to their amounts, the
delivery fee among them, by largest remainder) and to the pieces of a line cumulatively: after k of
n pieces floor(line · k / n) has gone back. So parts add up to exactly what was paid for the line,
in whatever sequence they come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from points_service.pricing.rules.rule import spread

Item = tuple[int, int, int]  # line, pieces, fen


@dataclass(frozen=True, slots=True)
class Goods:
    """What was bought: (sku, quantity, fen) by line, what was paid for each if that is known."""

    items: Sequence[tuple[str, int, int]]
    paid_fen: int
    delivery_fen: int = 0
    pays: Sequence[int] | None = None

    def paid(self) -> list[int]:
        """Fen by line; the rest of `paid_fen`, if any, was for the delivery."""
        if self.pays is not None:
            return list(self.pays)
        weights = [*(fen for _, _, fen in self.items), self.delivery_fen]
        return spread(self.paid_fen, weights)[:-1]

    def pieces(self, line: int) -> int:
        """How many of a line can come back; weighed goods come back once."""
        return max(1, self.items[line][1])


@dataclass(frozen=True, slots=True)
class Asked:
    """Pieces that come back, of the line at a place or of the only line with a sku."""

    line: int | None
    sku: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with an item that was asked for, by its place in the request."""

    place: int
    status: int
    code: str
    title: str


def lines(goods: Goods, asked: Sequence[Asked]) -> dict[int, int] | Wrong:
    """Pieces by line."""
    found: dict[int, int] = {}
    for place, item in enumerate(asked):
        line = _line(goods, item)
        if line is None:
            return Wrong(place, 422, "unknown_line", "The order has not exactly one such line")
        found[line] = found.get(line, 0) + item.quantity
    return found


def returned(goods: Goods, before: Iterable[Item], asked: Sequence[Asked]) -> list[Item] | Wrong:
    """What was paid for what comes back now, after what came back before; no line twice."""
    found = lines(goods, asked)
    if isinstance(found, Wrong):
        return found
    back = [0] * len(goods.items)
    for line, pieces, _ in before:
        back[line] += pieces
    for place, item in enumerate(asked):
        at = _line(goods, item)
        if at is not None and back[at] + found[at] > goods.pieces(at):
            return Wrong(place, 409, "nothing_left", "So many are not left to be given back")
    paid = goods.paid()

    def upto(line: int, pieces: int) -> int:
        return paid[line] * pieces // goods.pieces(line)

    return [
        (line, pieces, upto(line, back[line] + pieces) - upto(line, back[line]))
        for line, pieces in found.items()
    ]


def all_back(goods: Goods, items: Iterable[Item]) -> bool:
    """Whether every piece came back."""
    return sum(pieces for _, pieces, _ in items) == sum(map(goods.pieces, range(len(goods.items))))


def capped(items: Sequence[Item], most: int) -> list[Item]:
    """Never more than is left: refunds by amount may have given back a part of it before."""
    found = []
    for line, pieces, fen in items:
        part = min(fen, most)
        most -= part
        found.append((line, pieces, part))
    return found


def _line(goods: Goods, item: Asked) -> int | None:
    places = [
        place
        for place, (sku, _, _) in enumerate(goods.items)
        if item.line in (None, place) and item.sku in (None, sku)
    ]
    return places[0] if len(places) == 1 and (item.line, item.sku) != (None, None) else None
