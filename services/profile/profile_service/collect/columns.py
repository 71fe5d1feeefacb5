"""Collected batches as columns: the same work for many messages at once. Pure.

A message is decoded only as far as this service looks, and what many messages share (who, which
event, which day) is worked out once. Moments are microseconds since 1970, as PostgreSQL counts too.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.events import Provenance, SealedIdentifier
from profile_service.collect.domain import CLOCK_SLACK, EARLIEST, DayCount, Trait, TraitKey, holder

Ints = npt.NDArray[np.int64]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = msgspec.Raw(b"{}")
_MICROSECOND = timedelta(microseconds=1)
_QUARTER = 15 * 60 * 1_000_000  # a day begins at a full quarter of an hour, wherever


class Told(msgspec.Struct, frozen=True, gc=False):
    """An `Activity`, as far as we look."""

    message_id: str
    type: str
    occurred_at: datetime
    identifiers: msgspec.Raw = msgspec.Raw(b"[]")
    member_id: str | None = None
    event: str | None = None
    channel: str | None = None
    properties: msgspec.Raw = _NOTHING
    traits: msgspec.Raw = _NOTHING
    provenance: Provenance | None = None


class ToldBatch(msgspec.Struct, frozen=True):
    """`ActivityBatch`, as far as we look."""

    received_at: datetime
    activities: list[Told]


@dataclass(frozen=True, slots=True)
class Columns:
    """Messages, the keys of their ids, and when they happened; when the gateway got them, if they
    came together."""

    told: Sequence[Told]
    keys: Ints
    at: Ints
    received_at: datetime | None = None

    def done_by_them(self) -> npt.NDArray[Any]:
        """Which of them people did or said themselves: not what third parties know of them."""
        return np.array([each.provenance is None for each in self.told], bool)

    def only(self, places: npt.NDArray[Any]) -> "Columns":
        """Those at some places."""
        told = self.told
        return Columns([told[n] for n in places.tolist()], self.keys[places], self.at[places])


def heard(payload: bytes) -> Columns:
    """What a batch tells. A time that no honest clock would tell becomes the time of receipt.

    Raises msgspec.DecodeError.
    """
    batch = _batch(payload)
    told, received = batch.activities, batch.received_at
    at = _micros([each.occurred_at for each in told])
    latest = (received + CLOCK_SLACK - _EPOCH) // _MICROSECOND
    honest = (at >= (EARLIEST - _EPOCH) // _MICROSECOND) & (at <= latest)
    at = np.where(honest, at, (received - _EPOCH) // _MICROSECOND)
    return Columns(told, _keys(told), at, received)


def each_once(batches: Sequence[Columns]) -> Columns:
    """All of them, the first of those with the same id; keys are sorted."""
    keys, first = np.unique(np.concatenate([each.keys for each in batches]), return_index=True)
    told = [each for batch in batches for each in batch.told]
    at = np.concatenate([each.at for each in batches])[first]
    return Columns([told[n] for n in first.tolist()], keys, at)


_batch = msgspec.json.Decoder(ToldBatch).decode


def _keys(told: Sequence[Told]) -> Ints:
    """64 bits of each messageId: a thousand million are all different in 97 % of worlds."""
    digests = [blake2b(each.message_id.encode(), digest_size=8).digest() for each in told]
    return np.frombuffer(b"".join(digests), ">i8").astype(np.int64)


def _micros(moments: Sequence[datetime]) -> Ints:
    seconds = np.array([moment.timestamp() for moment in moments])
    return np.rint(seconds * 1e6).astype(np.int64)  # a float tells microseconds apart until 2255


def moment(micros: int) -> datetime:
    """Back from microseconds."""
    return _EPOCH + timedelta(microseconds=micros)


def months(at: Ints) -> list[datetime]:
    """The beginnings of the UTC months that moments lie in."""
    found = np.unique(at.astype("datetime64[us]").astype("datetime64[M]"))
    return [moment(micros) for micros in found.astype("datetime64[us]").astype(np.int64).tolist()]


class Holders:
    """Whose messages are, by the bytes that say so: the same few say it again and again."""

    def __init__(self, most: int = 500_000) -> None:
        self._known: dict[str | bytes, UUID | str | None] = {}
        self._most = most

    def of(self, told: Sequence[Told]) -> tuple[list[str | bytes], dict[str | bytes, Any]]:
        """What says it in each message, and what each of those says (None: nobody)."""
        says = [each.member_id or bytes(each.identifiers) for each in told]
        if len(self._known) > self._most:
            self._known.clear()
        known = self._known
        found = {}
        for each in set(says):
            if each not in known:
                known[each] = UUID(each) if isinstance(each, str) else holder(_identifiers(each))
            found[each] = known[each]
        return says, found


_identifiers = msgspec.json.Decoder(list[SealedIdentifier]).decode


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of `activity`, in the order of their index; `kinds` are pairs of event and channel.

    Subject 0 is nobody.
    """

    subjects: Ints
    at: Ints
    keys: Ints
    kind: Ints
    kinds: Sequence[tuple[str, str | None]]
    properties: Sequence[msgspec.Raw]


def rows(found: Columns, subjects: Ints) -> Rows:
    """The messages as rows. A message without a name (identify, alias, group) goes by its type."""
    places: dict[tuple[str, str | None], int] = {}
    kind = np.array(
        [
            places.setdefault((each.event or each.type, each.channel), len(places))
            for each in found.told
        ],
        np.int64,
    )
    order = np.lexsort((found.at, subjects))
    told = found.told
    return Rows(
        subjects[order], found.at[order], found.keys[order], kind[order], list(places),
        [told[n].properties for n in order.tolist()],
    )  # fmt: skip


def days(found: Rows, day_of: Callable[[datetime], date]) -> DayCount:
    """How many activities each subject has by day, event and channel, and when the last was."""
    known = found.subjects > 0
    if not known.any():
        return DayCount([], [], [], [], [])
    subjects, at = found.subjects[known], found.at[known]
    quarters, where = np.unique(at // _QUARTER, return_inverse=True)
    days = [day_of(moment(quarter * _QUARTER)) for quarter in quarters.tolist()]
    ordinals = np.array([day.toordinal() for day in days], np.int64)[where]
    base = len(found.kinds)
    which = ordinals * base + found.kind[known]  # a day and a kind as one number
    order = np.lexsort((at, which, subjects))
    subjects, which, at = subjects[order], which[order], at[order]
    changes = (np.diff(subjects) != 0) | (np.diff(which) != 0)
    last = np.append(np.flatnonzero(changes), len(at) - 1)
    counts = np.diff(last, prepend=-1)
    kinds, place = np.unique(which[last], return_inverse=True)
    named = [
        (date.fromordinal(number // base), found.kinds[number % base]) for number in kinds.tolist()
    ]
    return DayCount(
        subjects[last].tolist(),
        place.tolist(),
        counts.tolist(),
        at[last].tolist(),
        [(day, event, channel or "") for day, (event, channel) in named],
    )


def traits(found: Columns, subjects: Ints) -> Mapping[TraitKey, Trait]:
    """Of each trait that the messages tell what was told last."""
    kept: dict[TraitKey, Trait] = {}
    telling = [n for n, each in enumerate(found.told) if each.type == "identify"]
    for n in telling:
        subject = int(subjects[n])
        if subject and found.told[n].traits is not _NOTHING:
            at, key = moment(int(found.at[n])), int(found.keys[n])
            origin = found.told[n].provenance
            for name, value in msgspec.json.decode(found.told[n].traits).items():
                new, old = Trait(value, at, key, origin), kept.get((subject, name))
                if old is None or old.age < new.age:
                    kept[subject, name] = new
    return kept


_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END, _NULL = b"\xff\xff", b"\xff\xff\xff\xff"
_POSTGRES_EPOCH = (datetime(2000, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_FIXED = np.dtype(
    [
        ("fields", ">i2"), ("n1", ">i4"), ("subject", ">i8"), ("n2", ">i4"), ("at", ">i8"),
        ("n3", ">i4"), ("key", ">i8"), ("n4", ">i4"), ("version", "i1"),
    ]
)  # fmt: skip
_SEEN = np.dtype(
    [
        ("fields", ">i2"), ("n1", ">i4"), ("key", ">i8"), ("n2", ">i4"), ("week", ">i4"),
        ("n3", ">i4"), ("part", ">i4"),
    ]
)  # fmt: skip


def copy_of_rows(found: Rows) -> bytes:
    """`COPY … FORMAT binary` of subject_id, occurred_at, message_key, properties, event, channel.

    Made here because a row a call is half of what storing a message costs.
    """
    texts = list(map(bytes, found.properties))
    fixed = np.zeros(len(texts), _FIXED)
    fixed["fields"], fixed["n1"], fixed["n2"], fixed["n3"] = 6, 8, 8, 8
    fixed["subject"], fixed["at"] = found.subjects, found.at - _POSTGRES_EPOCH
    fixed["key"], fixed["version"] = found.keys, 1
    fixed["n4"] = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    heads = [head for (head,) in struct.iter_unpack(f"{_FIXED.itemsize}s", fixed.tobytes())]
    for n in range(int(np.searchsorted(found.subjects, 1))):  # of nobody: they come first
        heads[n] = heads[n][:2] + _NULL + heads[n][14:]
    kinds = [_field(event) + _field(channel) for event, channel in found.kinds]
    tails = [kinds[kind] for kind in found.kind.tolist()]
    rows = chain.from_iterable(zip(heads, texts, tails, strict=True))
    return b"".join((_HEADER, *rows, _END))


def copy_of_keys(keys: Ints, week: date, part: int) -> bytes:
    """The same of message_key, week, part."""
    fixed = np.zeros(len(keys), _SEEN)
    fixed["fields"], fixed["n1"], fixed["n2"], fixed["n3"] = 3, 8, 4, 4
    fixed["key"], fixed["week"], fixed["part"] = keys, (week - date(2000, 1, 1)).days, part
    return _HEADER + fixed.tobytes() + _END


def _field(text: str | None) -> bytes:
    if text is None:
        return _NULL
    data = text.encode()
    return len(data).to_bytes(4) + data
