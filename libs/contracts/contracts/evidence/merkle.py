"""A Merkle tree as in RFC 9162, section 2.1: leaves and nodes are hashed apart (0x00, 0x01)."""

import hashlib
from collections.abc import Sequence


def leaf(content: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(contents: Sequence[bytes]) -> bytes:
    """The tree's head; raises ValueError for no leaves."""
    return _levels(contents)[-1][0]


def path(contents: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root, lowest first."""
    found = []
    for level in _levels(contents)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            found.append(level[sibling])
        index //= 2
    return found


def climb(content: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that `path` leads to from a leaf; None where its length cannot be right."""
    if not 0 <= index < size:
        return None
    reached, last = leaf(content), size - 1
    remaining = list(hashes)
    while last > 0:
        alone = index == last and index % 2 == 0  # the last of an odd level moves up as it is
        if not alone:
            if not remaining:
                return None
            sibling = remaining.pop(0)
            reached = node(sibling, reached) if index % 2 else node(reached, sibling)
        index, last = index // 2, last // 2
    return None if remaining else reached


def _levels(contents: Sequence[bytes]) -> list[list[bytes]]:
    """All levels, leaves first; an odd one out moves up unhashed."""
    if not contents:
        raise ValueError("a tree needs a leaf")
    levels = [[leaf(content) for content in contents]]
    while len(below := levels[-1]) > 1:
        level = [node(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)]
        levels.append([*level, below[-1]] if len(below) % 2 else level)
    return levels
