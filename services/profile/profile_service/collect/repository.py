"""Activities, their fold and traits in the database."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np

from chassis.database import Tx
from contracts.profile import TraitOrigin
from profile_service.collect.columns import Ints, Rows, copy_of_keys, copy_of_rows
from profile_service.collect.domain import Behaviour, DayCount, Trait, TraitKey, Window

_ORIGIN = ("source", "confidence", "expires_on")
COLUMNS = ("subject_id", "occurred_at", "message_key", "properties", "event", "channel")


async def parts(tx: Tx, since: date) -> dict[tuple[date, int], int]:
    """Sizes of the parts of `seen` in or after the week of `since`; nobody else adds any now."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('profile:seen'))")
    rows = await tx.fetch(
        "SELECT week, part, size FROM seen_part WHERE week >= $1 ORDER BY week, part", since
    )
    return {(row["week"], row["part"]): row["size"] for row in rows}


async def add_part(tx: Tx, name: tuple[date, int]) -> None:
    """One more, empty."""
    await tx.execute("SELECT add_seen_part($1, $2)", *name)


async def remember_keys(tx: Tx, name: tuple[date, int], keys: Ints) -> None:
    """A part has these keys, too. They must be sorted: the index likes it."""
    await tx.copy_binary("seen", ("message_key", "week", "part"), copy_of_keys(keys, *name))
    await tx.execute(
        "UPDATE seen_part SET size = size + $3 WHERE week = $1 AND part = $2", *name, len(keys)
    )


async def known_keys(tx: Tx, name: tuple[date, int], keys: Sequence[int]) -> list[int]:
    """Those of `keys` (sorted) that a part has."""
    rows = await tx.fetch(
        "SELECT message_key FROM seen"
        " WHERE week = $1 AND part = $2 AND message_key = ANY($3::bigint[])",
        *name,
        keys,
    )
    return [row["message_key"] for row in rows]


async def keys_of(tx: Tx, name: tuple[date, int]) -> Ints:
    """All keys of a part, as one value: a row each would take ten times as long."""
    keys = await tx.fetchval(
        "SELECT string_agg(int8send(message_key), '') FROM seen WHERE week = $1 AND part = $2",
        *name,
    )
    return np.frombuffer(keys or b"", ">i8").astype(np.int64)


async def drop_seen_before(tx: Tx, week: date) -> None:
    """Forget the messages of earlier weeks."""
    await tx.execute("DELETE FROM seen_part WHERE week < $1", week)
    await tx.execute("SELECT drop_seen_before($1)", f"{week:%Y%m%d}")


async def add_activities(tx: Tx, rows: Rows) -> None:
    """COPY; the partitions must be there."""
    await tx.copy_binary("activity", COLUMNS, copy_of_rows(rows))


async def add_days(tx: Tx, counts: DayCount) -> None:
    """Add to the daily counts, in one order (so that two writers never wait for each other).

    Days, events and channels are few and travel once; rows name them by their place.
    """
    await tx.execute(
        "INSERT INTO activity_day (subject_id, day, event, channel, n, last_at)"
        " SELECT subject, day, event, channel, n,"
        " timestamptz '1970-01-01 00:00Z' + last_at * interval '1 microsecond'"
        " FROM unnest($1::bigint[], $2::int[], $3::int[], $4::bigint[])"
        " AS row (subject, place, n, last_at)"
        " JOIN unnest($5::date[], $6::text[], $7::text[]) WITH ORDINALITY"
        " AS kind (day, event, channel, place) USING (place) ORDER BY subject, day, event, channel"
        " ON CONFLICT (subject_id, day, event, channel) DO UPDATE SET"
        " n = activity_day.n + excluded.n,"
        " last_at = greatest(activity_day.last_at, excluded.last_at)",
        counts.subjects,
        [place + 1 for place in counts.kinds],
        counts.numbers,
        counts.last,
        *(list(column) for column in zip(*counts.named, strict=True)),
    )


async def merge_traits(tx: Tx, traits: Mapping[TraitKey, Trait]) -> None:
    """Keep each trait unless a later message told it already; what people say themselves counts
    more than what third parties say.

    Values travel as text: in an array of jsonb a list would be taken for another dimension.
    """
    keys = sorted(traits)
    await tx.execute(
        "INSERT INTO trait (subject_id, name, value, occurred_at, message_key, source, confidence,"
        " expires_on) SELECT subject, name, value::jsonb, at, key, source, confidence, expires FROM"
        " unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[],"
        " $7::float8[], $8::date[])"
        " AS told (subject, name, value, at, key, source, confidence, expires)"
        " ON CONFLICT (subject_id, name) DO UPDATE SET value = excluded.value,"
        " occurred_at = excluded.occurred_at, message_key = excluded.message_key,"
        " source = excluded.source, confidence = excluded.confidence,"
        " expires_on = excluded.expires_on"
        " WHERE (trait.source IS NULL, trait.occurred_at, trait.message_key)"
        " < (excluded.source IS NULL, excluded.occurred_at, excluded.message_key)",
        [key[0] for key in keys],
        [key[1] for key in keys],
        [_text(traits[key].value) for key in keys],
        [traits[key].occurred_at for key in keys],
        [traits[key].message_key for key in keys],
        *([getattr(traits[key].origin, name, None) for key in keys] for name in _ORIGIN),
    )


async def drop_traits_before(tx: Tx, day: date) -> list[int]:
    """Forget what third parties knew until before this day; whom it was about."""
    rows = await tx.fetch("DELETE FROM trait WHERE expires_on < $1 RETURNING subject_id", day)
    return [row["subject_id"] for row in rows]


def _text(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def behaviour(tx: Tx, leaves: Mapping[int, int]) -> dict[int, Behaviour]:
    """What people did, by root, summed over their subjects."""
    rows = await tx.fetch(
        "SELECT subject_id, event, sum(n)::bigint, max(last_at) FROM activity_day"
        " WHERE subject_id = ANY($1::bigint[]) GROUP BY subject_id, event",
        list(leaves),
    )
    found: dict[int, Behaviour] = {}
    for subject, event, n, last_at in rows:
        root, told = leaves[subject], Behaviour({event: n}, last_at)
        found[root] = found[root] + told if root in found else told
    return found


async def event_windows(tx: Tx, leaves: Sequence[int], today: date) -> list[Window]:
    """What was done, the most frequent first."""
    rows = await tx.fetch(
        "SELECT event, channel, max(last_at) AS last_at, sum(n)::bigint AS total,"
        " coalesce(sum(n) FILTER (WHERE day > $2::date - 7), 0)::bigint AS last_7_days,"
        " coalesce(sum(n) FILTER (WHERE day > $2::date - 30), 0)::bigint AS last_30_days"
        " FROM activity_day WHERE subject_id = ANY($1::bigint[]) GROUP BY event, channel"
        " ORDER BY total DESC, event, channel",
        leaves,
        today,
    )
    return [Window(*row) for row in rows]


async def viewed(tx: Tx, leaves: Sequence[int], limit: int) -> list[str]:
    """SKUs of the products looked at last, newest first; a few views may be of the same one."""
    rows = await tx.fetch(
        "SELECT coalesce(properties->>'sku', properties->>'product_id') AS sku"
        " FROM unnest($1::bigint[]) AS leaf (id), LATERAL (SELECT properties, occurred_at"
        " FROM activity WHERE subject_id = leaf.id AND event = 'Product Viewed'"
        " ORDER BY occurred_at DESC LIMIT $2) AS views ORDER BY occurred_at DESC LIMIT $2",
        leaves,
        limit,
    )
    return list(dict.fromkeys(sku for (sku,) in rows if sku is not None))


async def traits(tx: Tx, leaves: Sequence[int]) -> tuple[dict[str, Any], list[TraitOrigin]]:
    """The latest value of each trait over these subjects, and whose those are that third parties
    told; those told to be nothing are left out."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (name) name, value, occurred_at, source, confidence, expires_on"
        " FROM trait WHERE subject_id = ANY($1::bigint[])"
        " ORDER BY name, source IS NULL DESC, occurred_at DESC, message_key DESC",
        leaves,
    )
    told = [row for row in rows if row[1] is not None]
    origins = [
        TraitOrigin(
            name=name, source=source, confidence=confidence, told_at=at, expires_on=expires_on
        )
        for name, _value, at, source, confidence, expires_on in told
        if source is not None
    ]
    return {row[0]: row[1] for row in told}, origins
