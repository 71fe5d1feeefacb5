"""Operations by method and path: exact paths by dictionary, the others by a tree of segments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from chassis.problem import Problem
from contracts.operations import Operation

_NO_PARAMS: Mapping[str, str] = {}


@dataclass(slots=True)
class _Node:
    """What may follow at one depth of the path."""

    fixed: dict[bytes, "_Node"] = field(default_factory=dict)
    param: "_Node | None" = None
    operations: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)


class Routes:
    """Built once from the operation table. Matches raw (still quoted) paths."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._exact: dict[bytes, dict[str, Operation]] = {}
        self._root = _Node()
        for operation in operations:
            if "{" in operation.path:
                self._plant(operation)
            else:
                self._exact.setdefault(operation.path.encode(), {})[operation.method] = operation

    def match(self, method: str, path: bytes) -> tuple[Operation, Mapping[str, str]]:
        """The operation and its path parameters. Raises Problem 404 or 405."""
        exact = self._exact.get(path)
        if exact is not None:
            operation = exact.get(method)
            if operation is None:
                raise _not_allowed(exact)
            return operation, _NO_PARAMS
        values: list[bytes] = []
        node = _find(self._root, path.split(b"/")[1:], 0, values)
        if node is None:
            raise Problem(404, "not_found", "There is nothing at this path")
        found = node.operations.get(method)
        if found is None:
            raise _not_allowed(node.operations)
        operation, names = found
        return operation, dict(zip(names, map(_text, values), strict=True))

    def _plant(self, operation: Operation) -> None:
        node, names = self._root, []
        for segment in operation.path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.param = node.param or _Node()
                node = node.param
            else:
                node = node.fixed.setdefault(segment.encode(), _Node())
        if operation.method in node.operations:
            raise ValueError(f"two operations for {operation.name}")
        node.operations[operation.method] = (operation, tuple(names))


def _find(node: _Node, segments: list[bytes], depth: int, values: list[bytes]) -> _Node | None:
    """The node of a path: names before parameters, going back where a name leads nowhere."""
    if depth == len(segments):
        return node if node.operations else None
    segment = segments[depth]
    known = node.fixed.get(segment)
    if known is not None:
        found = _find(known, segments, depth + 1, values)
        if found is not None:
            return found
    if node.param is None or not segment:
        return None
    values.append(segment)
    found = _find(node.param, segments, depth + 1, values)
    if found is None:
        values.pop()
    return found


def _text(segment: bytes) -> str:
    if b"%" not in segment:
        return segment.decode("latin-1")
    return unquote_to_bytes(segment).decode("utf-8", "replace")


def _not_allowed(methods: Iterable[str]) -> Problem:
    allowed = ", ".join(sorted(methods))
    return Problem(
        405,
        "method_not_allowed",
        "This path does not know this method",
        headers={"Allow": allowed},
    )
