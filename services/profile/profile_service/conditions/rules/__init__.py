"""Every kind of condition: one file, one line here. And the reading of whole trees."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from profile_service.conditions.domain import All, Any_, Condition, Leaf, Member, Not, Tree
from profile_service.conditions.rules import (
    attribute,
    cluster,
    clv,
    consent,
    event,
    figure,
    listed,
    rfm,
    sequence,
    tag,
    tier,
    trait,
)
from profile_service.conditions.rules.reading import Fault, Reader

KINDS: Mapping[str, Callable[[Reader], Condition]] = {
    tag.KEYWORD: tag.parse,
    trait.KEYWORD: trait.parse,
    attribute.KEYWORD: attribute.parse,
    rfm.KEYWORD: rfm.parse,
    clv.KEYWORD: clv.parse,
    cluster.KEYWORD: cluster.parse,
    tier.KEYWORD: tier.parse,
    consent.KEYWORD: consent.parse,
    event.KEYWORD: event.parse,
    sequence.KEYWORD: sequence.parse,
    figure.KEYWORD: figure.parse,
}
DEEPEST, MOST_NODES = 12, 200
_NONE = All(())

Lists = Mapping[UUID, bool]  # the segments there are; True: a list of members


def parse(document: Any, segments: Lists, pointer: str = "/definition") -> tuple[Tree, list[Fault]]:
    """A tree from its document, and everything that is wrong with that."""
    faults: list[Fault] = []
    reading = _Reading(segments, faults)
    tree = reading.node(document, pointer, 1)
    if reading.nodes > MOST_NODES:
        faults.append(Fault(pointer, "too_large", f"at most {MOST_NODES} nodes"))
    return tree, faults


def trusted(document: Any, segments: Lists) -> Tree:
    """A tree from a document that was accepted before."""
    return parse(document, segments)[0]


class _Reading:
    def __init__(self, segments: Lists, faults: list[Fault]) -> None:
        self.nodes = 0
        self._segments, self._faults = segments, faults

    def node(self, value: Any, pointer: str, depth: int) -> Tree:
        self.nodes += 1
        if not isinstance(value, dict):
            return self._wrong(pointer, "object_expected", "an object")
        if depth > DEEPEST or self.nodes > MOST_NODES:
            return self._wrong(pointer, "too_deep", f"at most {DEEPEST} levels")
        kinds = [name for name in value if name in KINDS or name in _JOINTS]
        if len(kinds) != 1:
            return self._wrong(
                pointer, "condition_expected", f"exactly one of {', '.join((*_JOINTS, *KINDS))}"
            )
        return self._of(kinds[0], value, pointer, depth)

    def _of(self, kind: str, value: dict[str, Any], pointer: str, depth: int) -> Tree:
        read = Reader(value, pointer, self._faults)
        if kind in KINDS:
            return Leaf(KINDS[kind](read), pointer)
        read.only(kind)
        if kind == "segment":
            return self._segment(read)
        if kind == "not":
            return Not(self.node(value["not"], f"{pointer}/not", depth + 1))
        items = value[kind]
        if not isinstance(items, list) or not items:
            return self._wrong(f"{pointer}/{kind}", "conditions_expected", "a list, not empty")
        parts = tuple(
            self.node(item, f"{pointer}/{kind}/{place}", depth + 1)
            for place, item in enumerate(items)
        )
        return All(parts) if kind == "all" else Any_(parts)

    def _segment(self, read: Reader) -> Tree:
        segment_id = _uuid(read.body["segment"])
        if segment_id is None or segment_id not in self._segments:
            return self._wrong(f"{read.pointer}/segment", "unknown_segment", "no such segment")
        if self._segments[segment_id]:
            return Leaf(listed.Listed(segment_id), read.pointer)
        return Member(segment_id, read.pointer)

    def _wrong(self, pointer: str, code: str, detail: str) -> Tree:
        self._faults.append(Fault(pointer, code, detail))
        return _NONE


_JOINTS = ("all", "any", "not", "segment")


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
