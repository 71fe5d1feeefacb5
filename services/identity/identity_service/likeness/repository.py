"""Rows of `match_keys`, `merge_review` and `likeness_weights`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts import merge_reviews as api
from identity_service.likeness.domain import Profile, Proposal, explained, overlaid
from identity_service.matching.estimation import probability

_PROFILE = (
    "SELECT k.member_id, r.member_id AS root, r.registered_at, k.keys, k.trusted,"
    " k.derived_at FROM match_keys k"
    " JOIN member m ON m.member_id = k.member_id"
    " JOIN member r ON r.member_id = coalesce(m.merged_into, m.member_id)"
)
_REVIEW = (
    "SELECT review_id, survivor_id, absorbed_id, state, bits, evidence, found_at, decided_at,"
    " decided_by, merge_id FROM merge_review"
)


async def keep(tx: Tx, members: Sequence[tuple[UUID, bytes]], *, trusted: bool) -> None:
    """Match keys of new members."""
    if members:
        await tx.execute(
            "INSERT INTO match_keys (member_id, keys, trusted, derived_at)"
            " SELECT *, $3, $4 FROM unnest($1::uuid[], $2::bytea[])",
            [member for member, _ in members],
            [keys for _, keys in members],
            trusted,
            tx.now,
        )


async def overlay(tx: Tx, member_id: UUID, keys: bytes, *, trusted: bool) -> None:
    """What became known of a member since; it is compared anew."""
    before = await tx.fetchrow(
        "SELECT keys, trusted FROM match_keys WHERE member_id = $1 FOR UPDATE", member_id
    )
    if before is None:
        await keep(tx, [(member_id, keys)], trusted=trusted)
        return
    await tx.execute(
        "UPDATE match_keys SET keys = $2, trusted = $3, derived_at = $4, blocks = NULL"
        " WHERE member_id = $1",
        member_id,
        overlaid(before["keys"], keys),
        before["trusted"] and trusted,
        tx.now,
    )


async def everybody(
    tx: Tx, after: UUID, limit: int, since: datetime | None
) -> tuple[bytes, bytes, bytes] | None:
    """A page of all match keys by id, as three values (a row each would take ten times as long):
    ids, keys, and for each a byte that is 1 if it was derived after `since`. None at the end."""
    row = await tx.fetchrow(
        "SELECT string_agg(uuid_send(member_id), '' ORDER BY member_id) AS ids,"
        " string_agg(keys, '' ORDER BY member_id) AS keys,"
        " string_agg(CASE WHEN derived_at > $3 THEN '\\x01'::bytea ELSE '\\x00' END, ''"
        " ORDER BY member_id) AS news FROM (SELECT member_id, keys, derived_at FROM match_keys"
        " WHERE member_id > $1 ORDER BY member_id LIMIT $2) AS page",
        after, limit, since,
    )  # fmt: skip
    return None if row["ids"] is None else (row["ids"], row["keys"], row["news"])


async def profiles(tx: Tx, members: Collection[UUID]) -> dict[UUID, Profile]:
    """Match keys of these ids, as far as they answer as a living member."""
    rows = await tx.fetch(
        f"{_PROFILE} WHERE k.member_id = ANY($1::uuid[]) AND r.erased_at IS NULL", list(members)
    )
    return {row["member_id"]: Profile(**row) for row in rows}


async def newcomers(tx: Tx, limit: int) -> list[Profile]:
    """Those not compared yet, the longest waiting first; another replica's are passed over."""
    rows = await tx.fetch(
        f"{_PROFILE} WHERE k.blocks IS NULL ORDER BY k.derived_at, k.member_id LIMIT $1"
        " FOR UPDATE OF k SKIP LOCKED",
        limit,
    )
    return [Profile(**row) for row in rows]


async def file(tx: Tx, members: Sequence[UUID], blocks: Sequence[Sequence[int]]) -> None:
    """Under which words they meet others from now on."""
    await tx.executemany(
        "UPDATE match_keys SET blocks = $2 WHERE member_id = $1",
        [(member, list(words)) for member, words in zip(members, blocks, strict=True)],
    )


async def met(tx: Tx, members: Sequence[UUID], most: int) -> list[tuple[UUID, Profile]]:
    """Whom each of these meets: at most so many, those that share a block."""
    rows = await tx.fetch(
        "SELECT mine.member_id AS newcomer, other.* FROM match_keys mine CROSS JOIN LATERAL"
        f" ({_PROFILE} WHERE k.blocks && mine.blocks AND k.member_id <> mine.member_id LIMIT $2)"
        " other WHERE mine.member_id = ANY ($1::uuid[])",
        list(members),
        most,
    )
    return [
        (row["newcomer"], Profile(**{name: row[name] for name in Profile.__dataclass_fields__}))
        for row in rows
    ]


async def last_learnt(tx: Tx) -> Any:
    """(learnt_at, searched_at, population, weights) of the newest hunt that learnt, or None."""
    return await tx.fetchrow(
        "SELECT learnt_at, searched_at, population, weights FROM likeness_weights"
        " ORDER BY learnt_at DESC LIMIT 1"
    )


async def news_since(tx: Tx, moment: datetime) -> int:
    """How many match keys were derived since."""
    return int(await tx.fetchval("SELECT count(*) FROM match_keys WHERE derived_at > $1", moment))


async def keep_weights(tx: Tx, moment: datetime, members: int, weights: dict[str, Any]) -> None:
    """What was learnt; older than the last thirty goes."""
    await tx.execute(
        "INSERT INTO likeness_weights (learnt_at, searched_at, population, weights)"
        " VALUES ($1, $1, $2, $3) ON CONFLICT (learnt_at) DO UPDATE"
        " SET population = excluded.population, weights = excluded.weights",
        moment, members, weights,
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM likeness_weights WHERE learnt_at NOT IN"
        " (SELECT learnt_at FROM likeness_weights ORDER BY learnt_at DESC LIMIT 30)"
    )


async def searched(tx: Tx, learnt_at: datetime, moment: datetime) -> None:
    """Everybody new until this moment was compared with everybody, by these weights."""
    await tx.execute(
        "UPDATE likeness_weights SET searched_at = $2 WHERE learnt_at = $1", learnt_at, moment
    )


async def propose(tx: Tx, proposals: Sequence[Proposal]) -> int:
    """New reviews, and how many; one that is open gets the newer evidence, one that was decided
    stays so."""
    if not proposals:
        return 0
    rows = await tx.fetch(
        "INSERT INTO merge_review (review_id, survivor_id, absorbed_id, bits, evidence, state,"
        " found_at) SELECT *, 'open', $6 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[],"
        " $4::float8[], $5::jsonb[]) ON CONFLICT (survivor_id, absorbed_id) DO UPDATE"
        " SET evidence = merge_review.evidence || excluded.evidence, bits = CASE"
        " WHEN excluded.evidence ? 'said' THEN excluded.bits ELSE merge_review.bits END"
        " WHERE merge_review.state = 'open' RETURNING xmax = 0 AS fresh",
        [tx.ids.new() for _ in proposals],
        [each.survivor_id for each in proposals],
        [each.absorbed_id for each in proposals],
        [each.bits for each in proposals],
        [each.kept for each in proposals],
        tx.now,
    )
    return sum(row["fresh"] for row in rows)


async def still_open(tx: Tx) -> int:
    """How many reviews wait for somebody."""
    found = await tx.fetchval("SELECT count(*) FROM merge_review WHERE state = 'open'")
    return int(found)


async def settled(tx: Tx, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Those of these members, the older first, of whom there is nothing to say any more.

    Somebody decided, or took a merge of theirs back, or has been told.
    """
    rows = await tx.fetch(
        "SELECT one, other FROM unnest($1::uuid[], $2::uuid[]) AS p (one, other)"
        " WHERE EXISTS (SELECT FROM merge_review WHERE survivor_id = one AND absorbed_id = other"
        " AND (state <> 'open' OR evidence ? 'hints')) OR EXISTS (SELECT FROM kept_apart k"
        " JOIN member a ON a.member_id = k.one JOIN member b ON b.member_id = k.other"
        " WHERE (coalesce(a.merged_into, k.one), coalesce(b.merged_into, k.other))"
        " IN ((p.one, p.other), (p.other, p.one)))",
        *map(list, zip(*pairs, strict=True)),
    )
    return {(row["one"], row["other"]) for row in rows}


async def claims_open(tx: Tx) -> int:
    """How many open reviews rest on something anybody can say."""
    found = await tx.fetchval(
        "SELECT count(*) FROM merge_review WHERE state = 'open' AND NOT evidence ? 'said'"
        " AND evidence->'hints'->0->>0 = 'claim'"
    )
    return int(found)


async def known_of(tx: Tx, members: Collection[UUID]) -> dict[UUID, bytes]:
    """Match keys of those of these members who have any."""
    rows = await tx.fetch(
        "SELECT member_id, keys FROM match_keys WHERE member_id = ANY ($1::uuid[])", list(members)
    )
    return {row["member_id"]: row["keys"] for row in rows}


async def ages_of(tx: Tx, members: Collection[UUID]) -> dict[UUID, datetime]:
    """When these members joined."""
    rows = await tx.fetch(
        "SELECT member_id, registered_at FROM member WHERE member_id = ANY ($1::uuid[])",
        list(members),
    )
    return {row["member_id"]: row["registered_at"] for row in rows}


async def page(tx: Tx, state: str, limit: int, offset: int) -> list[api.MergeReview]:
    """Reviews of a state; open ones only while both are living members of their own."""
    rows = await tx.fetch(
        f"{_REVIEW} WHERE state = $1 AND ($1 <> 'open' OR NOT EXISTS (SELECT FROM member m"
        " WHERE m.member_id IN (survivor_id, absorbed_id) AND m.merged_into IS NOT NULL))"
        " ORDER BY bits DESC, review_id LIMIT $2 OFFSET $3",
        state, limit, offset,
    )  # fmt: skip
    return [_review(row) for row in rows]


async def find(tx: Tx, review_id: UUID) -> api.MergeReview | None:
    """A review, for this transaction alone to decide."""
    row = await tx.fetchrow(f"{_REVIEW} WHERE review_id = $1 FOR UPDATE", review_id)
    return None if row is None else _review(row)


async def decide(tx: Tx, review_id: UUID, state: str, who: str, merge_id: UUID | None) -> None:
    """Write down what was decided."""
    await tx.execute(
        "UPDATE merge_review SET state = $2, decided_at = $3, decided_by = $4, merge_id = $5"
        " WHERE review_id = $1",
        review_id, state, tx.now, who, merge_id,
    )  # fmt: skip


async def open_among(tx: Tx, members: Collection[UUID]) -> dict[tuple[UUID, UUID], UUID]:
    """Open reviews of these, by pair."""
    rows = await tx.fetch(
        "SELECT review_id, survivor_id, absorbed_id FROM merge_review WHERE state = 'open'"
        " AND survivor_id = ANY ($1::uuid[]) AND absorbed_id = ANY ($1::uuid[])",
        list(members),
    )
    return {(row["survivor_id"], row["absorbed_id"]): row["review_id"] for row in rows}


def _review(row: Any) -> api.MergeReview:
    chance = round(float(probability(row["bits"])), 4)
    return api.MergeReview(
        **{**dict(row), "evidence": explained(row["evidence"]), "probability": chance}
    )
