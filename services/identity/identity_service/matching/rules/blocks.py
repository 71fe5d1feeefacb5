"""Which records are compared at all: those that share a key. A new key is one row.

`features` are hashed together; records that lack one are left out. What the key holds equal is
left `out` when the key's pairs teach how often features agree. A key that more than `most` records
share is passed over: others are finer.
"""

from dataclasses import dataclass

import numpy as np

from identity_service.matching.domain import Indexes, Mask, Records, Words
from identity_service.matching.rules.identifiers import RULES


@dataclass(frozen=True, slots=True)
class Block:
    """One way to bring records together; with `at`, by that word of a feature with several."""

    features: tuple[str, ...]
    out: tuple[str, ...]
    most: int = 60
    at: int | None = None


_NAME = ("name", "masked_name", "romanised_name", "given", "surname")
_BORN = ("birthday",)
_PHONE = ("phone", "masked_phone")
_HOME = ("region", *_PHONE)

BLOCKS: tuple[Block, ...] = (
    *(Block((kind,), (kind, *_HOME), rule.records) for kind, rule in RULES.items()),
    Block(("phone_masked",), _HOME, 40),
    Block(("phone_tail", "surname_pinyin"), (*_NAME, *_HOME)),
    *(Block(("phone_near",), _HOME, 6, at) for at in range(2, 10)),
    Block(("name", "region"), (*_NAME, *_HOME)),
    Block(("name", "birthday"), (*_NAME, *_BORN)),
    Block(("pinyin", "region"), (*_NAME, *_HOME)),
    Block(("pinyin", "birth_month_day"), (*_NAME, *_BORN)),
    Block(("pinyin",), _NAME, 12),
    Block(("name_masked", "birthday"), (*_NAME, *_BORN)),
    Block(("region", "birthday"), (*_BORN, *_HOME)),
    Block(("email_local",), ("email",), 12),
    Block(("surname_sound", "given_sound"), _NAME),
    Block(("birthday",), _BORN),
    *(Block(("birthday_near", sound), (*_BORN, *_NAME), 60, at)
      for at in (1, 2, 4, 6) for sound in ("given_sound", "surname_sound")),
    *(Block(("birth_month_day", sound), (*_BORN, *_NAME))
      for sound in ("given_sound", "surname_sound")),
    *(Block(("birth_year", sound), (*_BORN, *_NAME)) for sound in ("given_sound", "surname_sound")),
    *(Block((part, "postcode"), (*_NAME, "postcode", "locality", "state"))
      for part in ("given_sound", "surname_sound")),
    Block(("street", "street_number"), ("street", "street_number")),
    Block(("street_number", "postcode"), ("street_number", "postcode", "locality", "state")),
    Block(("locality", "street_number"), ("street_number", "postcode", "locality", "state")),
    Block(("street_more", "surname"), (*_NAME, "street_more")),
)  # fmt: skip

_MIX = np.uint64(0x9E3779B97F4A7C15)


def usable(records: Records, block: Block) -> bool:
    """Whether the records have what it needs."""
    return all(records.known(feature) for feature in block.features)


def key(records: Records, block: Block) -> Words:
    """A word a record; 0 where it lacks a part."""
    found = np.zeros(len(records), dtype=np.uint64)
    lacks = np.zeros(len(records), dtype=bool)
    for feature in block.features:
        column = records.column(feature)
        if column.ndim > 1:
            column = column[:, block.at]
        lacks |= column == 0
        found = (found ^ column) * _MIX
        found ^= found >> np.uint64(29)
    found[lacks] = 0
    return found


def pairs(records: Records, block: Block, fresh: Mask | None = None) -> tuple[Indexes, Indexes]:
    """Every two records that share the key, the earlier first; with `fresh`, those of which one is
    among these records."""
    keys = key(records, block)
    known = np.flatnonzero(keys if fresh is None else _among(keys, keys[fresh]))
    order = known[np.argsort(keys[known], kind="stable")]
    ranked = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    if not len(order):
        return order, order
    sizes = np.diff(np.append(starts, len(ranked)))
    if fresh is None:
        i, j, _ = within(order, starts, sizes, block.most)
        return i, j
    news = np.add.reduceat(fresh[order], starts) > 0
    i, j, _ = within(order, starts[news], sizes[news], block.most)
    told = fresh[i] | fresh[j]
    return i[told], j[told]


def _among(keys: Words, some: Words) -> Mask:
    """Which keys are among these, 0 left out; quick where these are few."""
    wanted = np.unique(some)
    if not len(wanted):
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    return np.asarray((wanted[at] == keys) & (keys != 0))


def within(
    order: Indexes, starts: Indexes, sizes: Indexes, most: int
) -> tuple[Indexes, Indexes, Indexes]:
    """Pairs inside groups of 2 to `most` neighbours in `order`, and the group of each pair."""
    left, right, groups = [order[:0]], [order[:0]], [order[:0]]
    fits = np.flatnonzero((sizes > 1) & (sizes <= most))
    for gap in range(1, int(sizes[fits].max(initial=1))):
        fits = fits[sizes[fits] > gap]
        count = sizes[fits] - gap
        first = np.repeat(starts[fits] - (np.cumsum(count) - count), count)
        first = first + np.arange(int(count.sum()))
        left.append(order[first])
        right.append(order[first + gap])
        groups.append(np.repeat(fits, count))
    return np.concatenate(left), np.concatenate(right), np.concatenate(groups)
