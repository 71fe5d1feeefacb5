"""What profile holds of a member, and how it goes. $1 are the member's ids."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx

_PEOPLE = "SELECT root FROM subject WHERE member_id = ANY($1::uuid[])"
_MINE = f"subject_id IN (SELECT id FROM subject WHERE root IN ({_PEOPLE}))"

HOLDS = {
    "member": "SELECT registered_at, channel, gender, birth_year, birth_month, city, language,"
    f" region FROM member WHERE {_MINE}",
    "trait": "SELECT name, value, occurred_at, source, confidence, expires_on FROM trait"
    f" WHERE {_MINE}",
    "activity": f"SELECT occurred_at, event, channel, properties FROM activity WHERE {_MINE}"
    " ORDER BY occurred_at",
    "activity_day": f"SELECT day, event, channel, n FROM activity_day WHERE {_MINE} ORDER BY day",
    "purchase": "SELECT order_no, paid_at, store_id, channel, paid_fen, skus, quantities,"
    f" amounts_fen, points FROM purchase WHERE {_MINE} ORDER BY paid_at",
    "happening": f"SELECT at, kind, name, facts FROM happening WHERE {_MINE} ORDER BY at",
    "refund": "SELECT order_no, refund_no, refunded_at, refund_fen, points FROM refund"
    f" WHERE {_MINE}",
    "spending": "SELECT orders, lines, paid_fen, refunded_fen, coupon_orders, first_at, last_at"
    f" FROM spending WHERE {_MINE}",
    "forecast": f"SELECT name, value, horizon_days, detail, made_at FROM forecast WHERE {_MINE}",
    "member_worth": "SELECT yearly_spend_fen, yearly_profit_fen, value_fen, band, falling"
    f" FROM member_worth WHERE {_MINE}",
    "clv_month": f"SELECT month, value_fen FROM clv_month WHERE {_MINE} ORDER BY month",
    "member_cluster": "SELECT described_zh, described_en FROM member_cluster"
    f" JOIN cluster ON cluster = number WHERE {_MINE}",
    "member_tags": f"SELECT tags FROM member_tags WHERE {_MINE}",
    "tag_review": "SELECT tag, before, after, flipped_at, decision, decided_at FROM tag_review"
    f" WHERE {_MINE}",
    "tag_flip": f"SELECT tag, before, after, flipped_at FROM tag_flip WHERE {_MINE}",
    "tag_pin": f"SELECT tag, value, until FROM tag_pin WHERE {_MINE}",
    "standing": "SELECT (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM segment"
    f" JOIN segment_version USING (segment_id, version)"
    f" WHERE number = ANY(segments)) AS segments FROM standing WHERE {_MINE}",
    "segment_list": "SELECT name AS list, added_at FROM segment_list"
    " JOIN segment USING (segment_id) JOIN segment_version USING (segment_id, version)"
    f" WHERE {_MINE}",
    "member_tier": f"SELECT tier, changed_at FROM member_tier WHERE {_MINE}",
    "member_consent": "SELECT purpose, channel, granted, changed_at FROM member_consent"
    f" WHERE {_MINE}",
    "objection": f"SELECT objected_at FROM objection WHERE {_MINE}",
    "refusal": f"SELECT refused_at FROM refusal WHERE {_MINE}",
    "subject": "SELECT member_id, linked_at, index IS NOT NULL AS identifier FROM subject"
    f" WHERE root IN ({_PEOPLE})",
}
_TABLES = (
    "touched", "trait", "activity", "activity_day", "purchase", "refund", "spending",
    "happening", "member_tags", "forecast", "member_worth", "clv_month",
    "member_cluster", "tag_flip", "tag_review", "tag_pin",
    "standing", "segment_list", "member_tier", "member_consent", "objection", "refusal", "member",
)  # fmt: skip

_BEHAVIOUR = ("trait", "activity", "activity_day")
_CONCLUSIONS = ("forecast", "member_worth", "clv_month", "member_cluster")


async def erase(tx: Tx, members: Sequence[UUID]) -> None:
    """Everything goes, who the identifiers belonged to included. Only in turn with whatever decides
    tags and segments.

    Orders are kept as books by points, so nothing here is needed by law.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('profile:erasures'))")
    await tx.execute(
        "INSERT INTO standing_gone SELECT ordinal, nextval('standing_version')"
        f" FROM standing WHERE {_MINE}",
        list(members),
    )
    for table in _TABLES:
        await tx.execute(f"DELETE FROM {table} WHERE {_MINE}", list(members))
    await tx.execute(f"DELETE FROM subject WHERE root IN ({_PEOPLE})", list(members))
    await tx.execute("UPDATE erasures SET n = n + 1")


async def _conclude_nothing(tx: Tx, members: Sequence[UUID]) -> None:
    for table in _CONCLUSIONS:
        await tx.execute(f"DELETE FROM {table} WHERE {_MINE}", list(members))


async def object_to(tx: Tx, members: Sequence[UUID]) -> list[int]:
    """Nothing is drawn from what these people do any more; answers who they are."""
    await _conclude_nothing(tx, members)
    rows = await tx.fetch(
        f"INSERT INTO objection SELECT DISTINCT root, $2::timestamptz FROM ({_PEOPLE}) AS person"
        " ON CONFLICT (subject_id) DO UPDATE SET objected_at = objection.objected_at"
        " RETURNING subject_id",
        list(members), tx.now,
    )  # fmt: skip
    return [row["subject_id"] for row in rows]


async def forget_third_parties(tx: Tx, members: Sequence[UUID]) -> list[int]:
    """What third parties told of them goes; whom it was about."""
    rows = await tx.fetch(
        f"DELETE FROM trait WHERE source IS NOT NULL AND {_MINE} RETURNING subject_id",
        list(members),
    )
    return [row["subject_id"] for row in rows]


async def agree_again(tx: Tx, members: Sequence[UUID]) -> None:
    """They said yes to recommendations: tags are decided again."""
    rows = await tx.fetch(
        f"DELETE FROM objection WHERE {_MINE} RETURNING subject_id", list(members)
    )
    await tx.execute(
        "INSERT INTO touched (subject_id) SELECT unnest($1::bigint[])",
        [row["subject_id"] for row in rows],
    )


async def stop_watching(tx: Tx, members: Sequence[UUID], subjects: Sequence[int]) -> None:
    """They said no to recommendations: what they did goes, and no more is collected.

    `subjects` are the members'. What they bought stays: that is the contract's.
    """
    await _conclude_nothing(tx, members)
    await tx.execute(
        "INSERT INTO refusal SELECT DISTINCT root, $2::timestamptz FROM subject"
        " WHERE id = ANY($1::bigint[]) ON CONFLICT (subject_id) DO NOTHING",
        subjects, tx.now,
    )  # fmt: skip
    for table in _BEHAVIOUR:
        await tx.execute(f"DELETE FROM {table} WHERE {_MINE}", list(members))


async def watch_again(tx: Tx, members: Sequence[UUID]) -> None:
    """They said yes; what is gone stays gone."""
    await tx.execute(f"DELETE FROM refusal WHERE {_MINE}", list(members))
