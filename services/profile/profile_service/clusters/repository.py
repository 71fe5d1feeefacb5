"""Clusters, who is in them, and what finding them needs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from profile_service.clusters.domain import Cluster, Tag, Trait

# Registered people whom something may be concluded about.
_LOUD = """
SELECT id FROM subject WHERE root = id AND member_id IS NOT NULL AND id NOT IN (
    SELECT root FROM subject JOIN objection ON objection.subject_id = subject.id
    UNION SELECT root FROM subject JOIN refusal ON refusal.subject_id = subject.id)
"""
_PEOPLE = f"""
SELECT root AS subject, ($1::date - max((last_at AT TIME ZONE '{PROGRAM_ZONE.key}')::date)) AS days,
    sum(orders)::bigint AS orders, sum(paid_fen - refunded_fen)::bigint AS net_fen,
    sum(coupon_orders)::bigint AS coupon_orders, max(cluster) AS cluster
FROM spending JOIN subject ON subject.id = spending.subject_id
LEFT JOIN member_cluster ON member_cluster.subject_id = root
WHERE root IN ({_LOUD}) GROUP BY root HAVING sum(orders) > 0
"""
_SHARES = f"""
SELECT root AS subject, kind, name, sum(n::bigint)::bigint AS n
FROM spending JOIN subject ON subject.id = subject_id, jsonb_each(parts) AS part (kind, names),
    jsonb_each_text(names) AS share (name, n)
WHERE root IN ({_LOUD}) GROUP BY root, kind, name
"""


async def people(tx: Tx, today: date) -> list[Any]:
    """Rows of subject, days, orders, net_fen, coupon_orders, cluster of all who have bought."""
    return await tx.fetch(_PEOPLE, today)


async def shares(tx: Tx) -> list[Any]:
    """Rows of subject, kind, name, n: orders by channel and daypart, fen by department."""
    return await tx.fetch(_SHARES)


async def ask(tx: Tx) -> None:
    """Clusters are to be found."""
    await tx.execute("UPDATE clustering SET waiting = true")


async def state(tx: Tx) -> Any:
    """waiting, found_at and report of the last finding."""
    return await tx.fetchrow("SELECT waiting, found_at, report FROM clustering")


async def finish(tx: Tx, report: Mapping[str, Any]) -> None:
    """Clusters were found, or there are none."""
    await tx.execute(
        "UPDATE clustering SET waiting = false, found_at = $1, report = $2", tx.now, report
    )


async def next_number(tx: Tx) -> int:
    """A number that no cluster ever had."""
    return int(await tx.fetchval("SELECT nextval('cluster_number')"))


async def assign(tx: Tx, subjects: Sequence[int], numbers: Sequence[int]) -> None:
    """These people are in these clusters, and nobody else in any; those that changed are looked at
    again. Who is gone or silent meanwhile is left out."""
    await tx.execute(
        "WITH new AS (SELECT * FROM unnest($1::bigint[], $2::int[]) AS n (id, cluster)"
        f" WHERE id IN ({_LOUD})),"
        " gone AS (DELETE FROM member_cluster WHERE subject_id NOT IN (SELECT id FROM new)"
        " RETURNING subject_id),"
        " moved AS (INSERT INTO member_cluster SELECT id, cluster FROM new"
        " ON CONFLICT (subject_id) DO UPDATE SET cluster = excluded.cluster"
        " WHERE member_cluster.cluster <> excluded.cluster RETURNING subject_id)"
        " INSERT INTO touched (subject_id)"
        " SELECT subject_id FROM gone UNION ALL SELECT subject_id FROM moved",
        subjects,
        numbers,
    )


async def tags_by_cluster(tx: Tx) -> tuple[dict[int, int], dict[int, dict[Tag, int]]]:
    """Members by cluster, and by cluster and tag."""
    sizes = {
        row["cluster"]: row["members"]
        for row in await tx.fetch(
            "SELECT cluster, count(*) AS members FROM member_cluster GROUP BY cluster"
        )
    }
    found: dict[int, dict[Tag, int]] = defaultdict(dict)
    for row in await tx.fetch(
        "SELECT cluster, key AS tag, tag.value->>'value' AS value, count(*) AS members"
        " FROM member_cluster JOIN member_tags USING (subject_id),"
        " jsonb_each(tags) AS tag (key, value) GROUP BY 1, 2, 3"
    ):
        found[row["cluster"]][row["tag"], row["value"]] = row["members"]
    return sizes, found


async def clusters(tx: Tx) -> list[Cluster]:
    """Those there are, the largest first."""
    rows = await tx.fetch("SELECT * FROM cluster WHERE size > 0 ORDER BY size DESC, number")
    return [
        Cluster(
            row["number"], row["segment_id"], (row["zh"], row["en"]),
            (row["described_zh"], row["described_en"]), row["size"],
            [Trait(**each) for each in row["traits"]], row["since"],
        )
        for row in rows
    ]  # fmt: skip


async def save(tx: Tx, cluster: Cluster) -> None:
    """Write a cluster."""
    await tx.execute(
        "INSERT INTO cluster VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (number)"
        " DO UPDATE SET described_zh = excluded.described_zh, size = excluded.size,"
        " described_en = excluded.described_en, traits = excluded.traits",
        cluster.number, cluster.segment_id, *cluster.name, *cluster.described, cluster.members,
        [_trait(each) for each in cluster.traits], cluster.since,
    )  # fmt: skip


async def close_others(tx: Tx, numbers: Sequence[int]) -> None:
    """Nobody is in any but these; the others' segments stay, empty."""
    await tx.execute(
        "UPDATE cluster SET size = 0, traits = '[]' WHERE number <> ALL($1::int[])", numbers
    )


def _trait(trait: Trait) -> dict[str, Any]:
    return {
        "tag": trait.tag,
        "value": trait.value,
        "share": round(trait.share, 4),
        "share_of_all": round(trait.share_of_all, 4),
    }


async def since(tx: Tx, number: int) -> tuple[UUID, tuple[str, str], datetime] | None:
    """Segment, name and beginning of a cluster that is known."""
    row = await tx.fetchrow(
        "SELECT segment_id, zh, en, since FROM cluster WHERE number = $1", number
    )
    return (row["segment_id"], (row["zh"], row["en"]), row["since"]) if row else None
