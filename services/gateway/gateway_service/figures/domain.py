"""Figures made coarse, so that nobody can be told from a group or from the difference of two.

Of a group of fewer than ten nothing is said; where that could be worked out from its neighbours,
the smallest of these is left out as well. Differencing: every value that was ever given for a
figure is remembered, whatever the query was about it. A new value is given only if it is at least
ten members' worth away from all of them, otherwise the nearest of them is given again. So two
answers for one figure are equal or at least ten members apart, and no answer is off by ten.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SMALLEST = 10  # members in a group


@dataclass(frozen=True, slots=True)
class Cell:
    """A number: how many members, or (`over`) a sum whose members the sibling `over` counts."""

    over: str | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """Members by name: the names share them out."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects called `name`, told apart by `labels`.

    `share` is their one count: those of the same first label share out a whole.
    """

    name: str
    labels: tuple[str, ...]
    share: str | None
    row: "Figures"


@dataclass(frozen=True, slots=True)
class Blank:
    """A figure that has no coarse form."""


Figures = dict[str, Any]  # by field: a Cell, Cells, Rows, a Blank, or Figures within


@dataclass(frozen=True, slots=True)
class Given:
    """A value that was given for a figure, and how far away another one has to be."""

    value: int
    gap: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an answer: what it is, how many members are behind it, where it stands."""

    key: str
    value: int
    members: int
    holder: dict[str, Any]
    name: str

    @property
    def gap(self) -> int:
        """Ten members' worth of it."""
        return max(1, -(-SMALLEST * abs(self.value) // max(self.members, 1)))

    def put(self, value: int) -> None:
        """Have another number stand there; 0 where nothing is said."""
        there = self.holder[self.name]
        self.holder[self.name] = {**there, "amount": value} if isinstance(there, dict) else value


def gathered(figures: Figures, answer: dict[str, Any], key: str) -> list[list[Figure]]:
    """The numbers of an answer, those together that share out a whole. What has no coarse form is
    left out of the answer at once."""
    found: list[list[Figure]] = []
    for name, what in figures.items():
        value, at = answer.get(name), f"{key}/{name}"
        if value is None:
            continue
        if isinstance(what, Cell):
            found.append([_figure(answer, name, what, at)])
        elif isinstance(what, Cells):
            found.append([Figure(f"{at}/{part}", n, n, value, part) for part, n in value.items()])
        elif isinstance(what, Rows):
            found += _rows(what, value)
        elif isinstance(what, dict):
            found += gathered(what, value, at)
        else:
            answer[name] = None
    return found


def swept(figures: Figures, answer: dict[str, Any]) -> None:
    """Take out the parts of wholes of which nothing is said."""
    for name, what in figures.items():
        value = answer.get(name)
        if isinstance(what, Cells) and value:
            answer[name] = {part: n for part, n in value.items() if n}
        elif isinstance(what, Rows) and value and what.share:
            answer[name] = [row for row in value if row[what.share]]
        elif isinstance(what, dict) and value:
            swept(what, value)


def nearest(figure: Figure, given: Iterable[Given]) -> int | None:
    """The value given before that stands for this one."""

    def off(each: Given) -> int:
        return abs(each.value - figure.value)

    near = [each for each in given if off(each) < max(each.gap, figure.gap)]
    return min(near, key=off).value if near else None


def left_out(members: Mapping[str, int], given: Collection[str]) -> set[str]:
    """The parts of a whole of which nothing is said: too small, or needed to hide one that is.

    A part in `given` is answered by a value from before, so its size does not show.
    """
    empty = {part for part, n in members.items() if not n and part not in given}
    small = {part for part, n in members.items() if 0 < n < SMALLEST and part not in given}
    hidden = sum(members[part] for part in small)
    others = sorted((n, part) for part, n in members.items() if part not in small | empty)
    while small and others and (hidden < SMALLEST or len(small) < 2):
        n, part = others.pop(0)
        small.add(part)
        hidden += n
    return small | empty


def _figure(answer: dict[str, Any], name: str, cell: Cell, key: str) -> Figure:
    there = answer[name]
    number = int(there["amount"] if isinstance(there, dict) else there)
    members = number
    if cell.over is not None:
        behind = answer.get(cell.over) or 0
        members = sum(behind.values()) if isinstance(behind, dict) else int(behind)
    return Figure(key, number, members, answer, name)


def _rows(rows: Rows, value: list[dict[str, Any]]) -> list[list[Figure]]:
    found: list[list[Figure]] = []
    wholes: dict[Any, list[Figure]] = {}
    for row in value:
        at = f"{rows.name}/{'|'.join(str(row.get(name)) for name in rows.labels)}"
        if rows.share is None:
            found += gathered(rows.row, row, at)
        else:
            ((part,),) = gathered(rows.row, row, at)
            wholes.setdefault(row.get(rows.labels[0]) if rows.labels else None, []).append(part)
    return [*found, *wholes.values()]
