"""Activities, places and votes, in and out of the database."""

from typing import Any
from uuid import UUID

from campaign_service.activities.domain import Activity, Place
from chassis.database import Tx

TABLES = ("signup", "vote", "community_member", "follower", "share")  # that name a member
_ACTIVITY = (
    "seq, activity_id, document, starts_at, ends_at, signup_until, capacity, waiting, confirmed,"
    " queued, author, created_at"
)
_PLACE = (
    "SELECT s.place, s.activity_id, a.document -> 'title' AS title, s.member_id, s.status,"
    " s.signed_up_at, s.checked_in_at, a.ends_at, CASE s.status WHEN 'waiting' THEN"
    " (SELECT count(*) FROM signup w WHERE w.activity_id = s.activity_id"
    " AND w.status = 'waiting' AND w.place <= s.place) END AS position"
    " FROM signup s JOIN activity a USING (activity_id)"
)


async def add(tx: Tx, activity: Activity) -> None:
    """A new activity."""
    await tx.execute(
        "INSERT INTO activity (activity_id, document, starts_at, ends_at, signup_until, capacity,"
        " waiting, author, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        activity.activity_id, dict(activity.document), activity.starts_at, activity.ends_at,
        activity.signup_until, activity.capacity, activity.waiting, activity.author,
        activity.created_at,
    )  # fmt: skip


async def get(tx: Tx, activity_id: UUID, *, lock: bool = False) -> Activity | None:
    """One activity; locked, nobody else takes or gives back a place of it meanwhile."""
    row = await tx.fetchrow(
        f"SELECT {_ACTIVITY} FROM activity WHERE activity_id = $1"
        + (" FOR NO KEY UPDATE" if lock else ""),
        activity_id,
    )
    return Activity(**row) if row else None


async def page(tx: Tx, before: int | None, limit: int) -> list[Activity]:
    """Newest first."""
    rows = await tx.fetch(
        f"SELECT {_ACTIVITY} FROM activity WHERE $1::bigint IS NULL OR seq < $1"
        " ORDER BY seq DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
    return [Activity(**row) for row in rows]


async def place_of(tx: Tx, activity_id: UUID, member_id: UUID) -> Place | None:
    """A member's place, the one it had longest."""
    row = await tx.fetchrow(
        f"{_PLACE} WHERE s.activity_id = $1 AND s.member_id = $2 AND s.status <> 'cancelled'"
        " ORDER BY s.status, s.place LIMIT 1",
        activity_id, member_id,
    )  # fmt: skip
    return Place(**row) if row else None


async def take(tx: Tx, activity_id: UUID, member_id: UUID, status: str) -> None:
    """A place, or the end of the waiting list. The activity is locked."""
    column = {"confirmed": "confirmed", "waiting": "queued"}[status]
    await tx.execute(
        f"WITH counted AS (UPDATE activity SET {column} = {column} + 1 WHERE activity_id = $1)"
        " INSERT INTO signup (activity_id, member_id, original_member_id, status, signed_up_at)"
        " VALUES ($1, $2, $2, $3, $4)",
        activity_id, member_id, status, tx.now,
    )  # fmt: skip


async def give_back(tx: Tx, place: Place) -> None:
    """The place is free again. The activity is locked."""
    column = {"confirmed": "confirmed", "waiting": "queued"}[place.status]
    await tx.execute(
        f"WITH counted AS (UPDATE activity SET {column} = {column} - 1 WHERE activity_id = $1)"
        " UPDATE signup SET status = 'cancelled' WHERE place = $2",
        place.activity_id, place.place,
    )  # fmt: skip


async def move_up(tx: Tx, activity_id: UUID, count: int) -> list[Any]:
    """Those who wait longest get places; answers (member, language). The activity is locked."""
    return await tx.fetch(
        "WITH counted AS (UPDATE activity SET confirmed = confirmed + $2, queued = queued - $2"
        " WHERE activity_id = $1), next AS (UPDATE signup SET status = 'confirmed' WHERE place IN"
        " (SELECT place FROM signup WHERE activity_id = $1 AND status = 'waiting'"
        " ORDER BY place LIMIT $2) RETURNING place, member_id)"
        " SELECT n.member_id, coalesce(m.language, 'zh') AS language"
        " FROM next n LEFT JOIN member m USING (member_id) ORDER BY n.place",
        activity_id, count,
    )  # fmt: skip


async def check_in(tx: Tx, place: Place) -> None:
    """Came; the first time counts."""
    await tx.execute(
        "UPDATE signup SET checked_in_at = coalesce(checked_in_at, $2) WHERE place = $1",
        place.place, tx.now,
    )  # fmt: skip


async def places(tx: Tx, activity_id: UUID, after: int | None, limit: int) -> list[Place]:
    """Places of an activity in the sequence in which they were asked for."""
    rows = await tx.fetch(
        f"{_PLACE} WHERE s.activity_id = $1 AND s.status <> 'cancelled'"
        " AND ($2::bigint IS NULL OR s.place > $2) ORDER BY s.place LIMIT $3",
        activity_id, after, limit,
    )  # fmt: skip
    return [Place(**row) for row in rows]


async def places_of(tx: Tx, member_id: UUID) -> list[Place]:
    """A member's places, the newest 200."""
    rows = await tx.fetch(
        f"{_PLACE} WHERE s.member_id = $1 ORDER BY s.place DESC LIMIT 200", member_id
    )
    return [Place(**row) for row in rows]


async def vote(tx: Tx, activity_id: UUID, member_id: UUID, option: str) -> Any:
    """A member's vote unless it has one; answers the one that counts, (option, voted at)."""
    await tx.execute(
        "INSERT INTO vote (activity_id, original_member_id, member_id, option, voted_at)"
        " SELECT $1, $2, $2, $3, $4 WHERE NOT EXISTS"
        " (SELECT FROM vote WHERE activity_id = $1 AND member_id = $2) ON CONFLICT DO NOTHING",
        activity_id, member_id, option, tx.now,
    )  # fmt: skip
    return await tx.fetchrow(
        "SELECT option, voted_at FROM vote WHERE activity_id = $1 AND member_id = $2"
        " ORDER BY voted_at, original_member_id LIMIT 1",
        activity_id, member_id,
    )  # fmt: skip


async def votes(tx: Tx, activity_id: UUID) -> dict[str, int]:
    """How many members chose each option. Who was two has the earlier vote."""
    rows = await tx.fetch(
        "SELECT option, count(*) AS votes FROM (SELECT DISTINCT ON (member_id) option FROM vote"
        " WHERE activity_id = $1 ORDER BY member_id, voted_at, original_member_id) v"
        " GROUP BY option",
        activity_id,
    )
    return {row["option"]: row["votes"] for row in rows}


async def language(tx: Tx, member_id: UUID) -> str | None:
    """What a member reads; None for nobody."""
    found: str | None = await tx.fetchval(
        "SELECT language FROM member m WHERE member_id = coalesce((SELECT survivor_id"
        " FROM member_alias WHERE absorbed_id = $1), $1)",
        member_id,
    )
    return found
