"""What it takes to undo a merge. Pure: saved by `repository`.

Merges in force make a tree: every absorbed id hangs below the id that survived it. Undoing one cuts
its branch off, whatever was merged before or after. Identifiers know the id under which they were
linked, attributes the id whose own they are; so both go where they belong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from identity_service.merges.domain import FILLABLE, Attributes

Filled = Mapping[str, UUID]
"""By attribute the id whose own value it is; absent: it is the row's own."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A merge in force."""

    merge_id: UUID
    survivor_id: UUID
    absorbed_id: UUID


@dataclass(frozen=True, slots=True)
class Row:
    """One id: its attributes (None is a gap), and those that are another id's."""

    attributes: Attributes
    filled: Filled

    @property
    def own(self) -> Attributes:
        """What was told of this id itself."""
        return {
            name: None if name in self.filled else self.attributes.get(name) for name in FILLABLE
        }


@dataclass(frozen=True, slots=True)
class Family:
    """A live member with everything that was merged into it; `edges` in the order of merging.

    `identifiers` are (index, id under which it was linked).
    """

    root: UUID
    rows: Mapping[UUID, Row]
    edges: Sequence[Edge]
    identifiers: Sequence[tuple[str, UUID]]


@dataclass(frozen=True, slots=True)
class Split:
    """`restored_id` answers for itself again, and for `members` below it.

    `identifiers` are the indexes that return with it; `rows` what changes; `cleared` are attributes
    the survivor had from it and has from nobody now.
    """

    merge_id: UUID
    survivor_id: UUID
    restored_id: UUID
    members: tuple[UUID, ...]
    identifiers: tuple[str, ...]
    cleared: tuple[str, ...]
    rows: Mapping[UUID, Row]


def branch(edges: Iterable[Edge], top: UUID) -> frozenset[UUID]:
    """An id and everything that hangs below it."""
    below: dict[UUID, list[UUID]] = {}
    for edge in edges:
        below.setdefault(edge.survivor_id, []).append(edge.absorbed_id)
    found, waiting = {top}, [top]
    while waiting:
        children = below.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return frozenset(found)


def fold(rows: Mapping[UUID, Row], edges: Sequence[Edge]) -> dict[UUID, Row]:
    """Every id's attributes as these merges, in their order, make them out of each one's own."""
    values = {member: dict(row.own) for member, row in rows.items()}
    filled: dict[UUID, dict[str, UUID]] = {member: {} for member in rows}
    for edge in edges:
        upper, lower = values[edge.survivor_id], values[edge.absorbed_id]
        for name in FILLABLE:
            if upper[name] is None and lower[name] is not None:
                upper[name] = lower[name]
                origin = filled[edge.absorbed_id].get(name, edge.absorbed_id)
                filled[edge.survivor_id][name] = origin
    return {member: Row(values[member], filled[member]) for member in rows}


def split(family: Family, merge_id: UUID) -> Split:
    """Undo one merge of the family. Raises StopIteration where it is not in force."""
    undone = next(edge for edge in family.edges if edge.merge_id == merge_id)
    leaving = branch(family.edges, undone.absorbed_id)
    after = fold(family.rows, [edge for edge in family.edges if edge is not undone])
    before, now = family.rows[family.root].attributes, after[family.root].attributes
    return Split(
        merge_id,
        family.root,
        undone.absorbed_id,
        tuple(sorted(leaving - {undone.absorbed_id})),
        tuple(index for index, linked_to in family.identifiers if linked_to in leaving),
        tuple(n for n in FILLABLE if before.get(n) is not None and now[n] is None),
        {member: row for member, row in after.items() if row != family.rows[member]},
    )
