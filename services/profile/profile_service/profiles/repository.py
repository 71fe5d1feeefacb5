"""The timeline in the database."""

from collections.abc import Sequence

from chassis.database import Tx
from profile_service.profiles.domain import Entry, Place

# Each subject's rows come by its index, newest first, and no further than a page: the cost does not
# grow with the history. `occurred_at <= $2` repeats what the row comparison says, for the index.
_TIMELINE = """
SELECT * FROM (
    SELECT 'activity' AS kind, activity.* FROM unnest($1::bigint[]) AS leaf (id), LATERAL (
        SELECT occurred_at AS at, message_key::text AS key, event AS name, channel,
            NULL::text AS order_no, NULL::text AS store_id, NULL::int AS lines,
            NULL::bigint AS paid_fen, coalesce(properties->>'sku', properties->>'product_id') AS sku
        FROM activity
        WHERE subject_id = leaf.id AND occurred_at <= coalesce($2::timestamptz, 'infinity')
            AND ($2 IS NULL OR (occurred_at, 'activity', message_key::text) < ($2, $3, $4))
        ORDER BY occurred_at DESC, message_key::text DESC LIMIT $5
    ) AS activity
    UNION ALL
    SELECT 'purchase', purchase.* FROM unnest($1::bigint[]) AS leaf (id), LATERAL (
        SELECT paid_at, order_no, 'Order', channel, order_no, store_id, cardinality(skus),
            paid_fen, NULL::text
        FROM purchase
        WHERE subject_id = leaf.id AND paid_at <= coalesce($2::timestamptz, 'infinity')
            AND ($2 IS NULL OR (paid_at, 'purchase', order_no) < ($2, $3, $4))
        ORDER BY paid_at DESC, order_no DESC LIMIT $5
    ) AS purchase
) AS entries ORDER BY at DESC, kind DESC, key DESC LIMIT $5
"""


async def timeline(tx: Tx, leaves: Sequence[int], after: Place | None, limit: int) -> list[Entry]:
    """The next entries after a place, newest first."""
    place = (after.at, after.kind, after.key) if after else (None, "", "")
    rows = await tx.fetch(_TIMELINE, leaves, *place, limit)
    return [
        Entry(
            Place(row["at"], row["kind"], row["key"]),
            row["name"],
            row["channel"],
            row["order_no"],
            row["store_id"],
            row["lines"],
            row["paid_fen"],
            row["sku"],
        )
        for row in rows
    ]
