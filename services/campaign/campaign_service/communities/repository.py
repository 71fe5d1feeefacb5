"""Communities, and what is known of who brought whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx


async def put(tx: Tx, interest: str, name: dict[str, str]) -> None:
    """Open a community, or rename it."""
    await tx.execute(
        "INSERT INTO community (interest, name) VALUES ($1, $2)"
        " ON CONFLICT (interest) DO UPDATE SET name = excluded.name",
        interest, name,
    )  # fmt: skip


async def communities(tx: Tx, interest: str | None = None) -> list[Any]:
    """(interest, name, members) of all, or of one."""
    return await tx.fetch(
        "SELECT c.interest, c.name, count(DISTINCT m.member_id) AS members FROM community c"
        " LEFT JOIN community_member m USING (interest) WHERE $1::text IS NULL OR interest = $1"
        " GROUP BY c.interest ORDER BY c.interest",
        interest,
    )


async def of_member(tx: Tx, member_id: UUID) -> list[Any]:
    """Those that a member is in."""
    return await tx.fetch(
        "SELECT c.interest, c.name, (SELECT count(DISTINCT a.member_id) FROM community_member a"
        " WHERE a.interest = c.interest) AS members FROM community c WHERE EXISTS"
        " (SELECT FROM community_member m WHERE m.interest = c.interest AND m.member_id = $1)"
        " ORDER BY c.interest",
        member_id,
    )


async def join(tx: Tx, interest: str, member_id: UUID) -> bool:
    """One more, unless it is in; False where there is no such community."""
    there = await tx.fetchval("SELECT true FROM community WHERE interest = $1", interest)
    if there:
        await tx.execute(
            "INSERT INTO community_member (interest, original_member_id, member_id, joined_at)"
            " VALUES ($1, $2, $2, $3) ON CONFLICT DO NOTHING",
            interest, member_id, tx.now,
        )  # fmt: skip
    return bool(there)


async def leave(tx: Tx, interest: str, member_id: UUID) -> None:
    """One less, under all of its ids."""
    await tx.execute(
        "DELETE FROM community_member WHERE interest = $1 AND member_id = $2", interest, member_id
    )


async def add_followers(tx: Tx, rows: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """(who was brought, who brought it, when it first bought); the first word counts."""
    await tx.execute(
        "INSERT INTO follower (referred_id, member_id, original_member_id, rewarded_at)"
        " SELECT n.referred, coalesce(a.survivor_id, n.referrer), n.referrer, n.at"
        " FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n (referred, referrer, at)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.referrer ON CONFLICT DO NOTHING",
        *([row[index] for row in rows] for index in range(3)),
    )


async def add_shares(tx: Tx, rows: Sequence[tuple[UUID, datetime]]) -> None:
    """Shares as (member, when)."""
    await tx.execute(
        "INSERT INTO share (original_member_id, shared_at, member_id, shares)"
        " SELECT n.member, n.at, coalesce(a.survivor_id, n.member), count(*)"
        " FROM unnest($1::uuid[], $2::timestamptz[]) AS n (member, at)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.member GROUP BY 1, 2, 3"
        " ON CONFLICT (original_member_id, shared_at)"
        " DO UPDATE SET shares = share.shares + excluded.shares",
        *([row[index] for row in rows] for index in range(2)),
    )


async def advocates(tx: Tx, since: datetime, steps: int, limit: int) -> list[Any]:
    """(member, direct, reach, shares, visits, guests, score), highest score first.

    `reach` counts those brought in up to `steps` steps, each once. Referrals count from `since` on
    as well as shares and visits.
    """
    return await tx.fetch(
        "WITH RECURSIVE edge AS (SELECT f.member_id AS who, coalesce(a.survivor_id, f.referred_id)"
        " AS whom FROM follower f LEFT JOIN member_alias a ON a.absorbed_id = f.referred_id"
        " WHERE f.rewarded_at >= $1),"
        " tree (who, whom, step) AS (SELECT who, whom, 1 FROM edge WHERE who <> whom UNION"
        " SELECT t.who, e.whom, t.step + 1 FROM tree t JOIN edge e ON e.who = t.whom"
        " WHERE t.step < $2 AND e.whom <> t.who),"
        " brought AS (SELECT who AS member_id, count(DISTINCT whom) FILTER (WHERE step = 1)"
        " AS direct, count(DISTINCT whom) AS reach FROM tree GROUP BY who),"
        " shared AS (SELECT member_id, sum(shares) AS shares FROM share WHERE shared_at >= $1"
        " GROUP BY member_id),"
        " came AS (SELECT member_id, count(*) AS visits FROM signup WHERE checked_in_at >= $1"
        " GROUP BY member_id),"
        " invited AS (SELECT p.member_id, count(DISTINCT (g.activity_id, g.member_id)) AS guests"
        " FROM invitation_page p JOIN guest g USING (page_id) JOIN signup s"
        " ON s.activity_id = g.activity_id AND s.member_id = g.member_id"
        " WHERE s.checked_in_at >= $1 AND g.member_id <> p.member_id GROUP BY p.member_id),"
        " figures AS (SELECT member_id, coalesce(direct, 0) AS direct, coalesce(reach, 0) AS reach,"
        " coalesce(shares, 0) AS shares, coalesce(visits, 0) AS visits,"
        " coalesce(guests, 0) AS guests FROM brought FULL JOIN shared USING (member_id)"
        " FULL JOIN came USING (member_id) FULL JOIN invited USING (member_id))"
        " SELECT *, 5 * direct + 2 * (reach - direct) + 2 * guests + shares + visits AS score"
        " FROM figures"
        " ORDER BY score DESC, member_id LIMIT $3",
        since, steps, limit,
    )  # fmt: skip
