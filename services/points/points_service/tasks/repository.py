"""Tasks, who finished them, and badges."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.earning.repository import conditions
from points_service.tasks.domain import Goal, Task

Turn = tuple[str, UUID, date]  # task, member, first day of the period


@dataclass(frozen=True, slots=True)
class Earned:
    """A badge of a member; `name` is in two languages."""

    badge: str
    name: dict[str, str]
    earned_at: datetime


async def definitions(tx: Tx) -> dict[str, dict[str, Any]]:
    """Tasks as they were written, by id."""
    rows = await tx.fetch("SELECT task_id, definition FROM task ORDER BY task_id")
    return {row["task_id"]: row["definition"] for row in rows}


async def tasks(tx: Tx) -> list[Task]:
    """All tasks."""
    return [_task(task_id, told) for task_id, told in (await definitions(tx)).items()]


def _task(task_id: str, told: Mapping[str, Any]) -> Task:
    since, until = (
        datetime.fromisoformat(told[name]) if told[name] else None
        for name in ("valid_from", "valid_until")
    )
    badge = told["badge"]["badge"] if told["badge"] else None
    return Task(
        task_id, told["act"], _goal(told.get("purchases")), told["times"], told["period"],
        told["growth"], told["points"], badge, since, until,
    )  # fmt: skip


def _goal(told: Mapping[str, Any] | None) -> Goal | None:
    if told is None:
        return None
    return Goal(conditions(told["conditions"]), told["spend"] and told["spend"]["amount"])


async def add(tx: Tx, task_id: str, definition: dict[str, Any], author: str) -> bool:
    """A new task; False if its id is taken."""
    tag = await tx.execute(
        "INSERT INTO task (task_id, definition, written_at, written_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        task_id, definition, tx.now, author,
    )  # fmt: skip
    return tag.endswith("1")


async def counts(tx: Tx, turns: Mapping[Turn, Task]) -> dict[Turn, int]:
    """How often each member did what the task asks, in the period."""
    rows = []
    for (task_id, member_id, begin), task in sorted(turns.items(), key=lambda turn: turn[0]):
        since, until = task.span(begin)
        rows.append((task_id, member_id, begin, task.act, task.ends(begin), since, until))
    found = await tx.fetch(
        "SELECT w.task_id, w.member_id, w.begin, count(a.ref) AS n"
        " FROM unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::date[],"
        " $6::timestamptz[], $7::timestamptz[])"
        " AS w (task_id, member_id, begin, act, ends, since, until)"
        " LEFT JOIN act a ON a.member_id = w.member_id AND a.kind = w.act"
        " AND a.day >= w.begin AND a.day < w.ends"
        " AND a.occurred_at >= w.since AND a.occurred_at < w.until GROUP BY 1, 2, 3",
        *zip(*rows, strict=True),
    )
    return {(row["task_id"], row["member_id"], row["begin"]): row["n"] for row in found}


async def done(tx: Tx, members: Iterable[UUID]) -> set[Turn]:
    """What these members finished."""
    rows = await tx.fetch(
        "SELECT task_id, member_id, period FROM task_done"
        " WHERE member_id = ANY ($1::uuid[]) AND taken_back_at IS NULL",
        list(members),
    )
    return {(row["task_id"], row["member_id"], row["period"]) for row in rows}


async def finish(tx: Tx, turns: Sequence[Turn]) -> None:
    """Keep them."""
    await tx.copy(
        "task_done",
        ("task_id", "member_id", "period", "done_at"),
        [(*turn, tx.now) for turn in turns],
    )


async def badge_codes(tx: Tx, members: Iterable[UUID]) -> set[tuple[UUID, str]]:
    """(member, badge) of these members."""
    rows = await tx.fetch(
        "SELECT member_id, badge FROM member_badge WHERE member_id = ANY ($1::uuid[])",
        list(members),
    )
    return {(row["member_id"], row["badge"]) for row in rows}


async def give_badges(tx: Tx, badges: Sequence[tuple[UUID, str, str, datetime]]) -> None:
    """(member, badge, task, when)."""
    await tx.copy("member_badge", ("member_id", "badge", "task_id", "earned_at"), badges)


async def badges(tx: Tx, member_id: UUID) -> list[Earned]:
    """A member's badges, the oldest first."""
    rows = await tx.fetch(
        "SELECT b.badge, t.definition->'badge'->'name' AS name, b.earned_at FROM member_badge b"
        " JOIN task t USING (task_id) WHERE b.member_id = $1 ORDER BY b.earned_at, b.badge",
        member_id,
    )
    return [Earned(**row) for row in rows]


async def move(
    tx: Tx, merges: Sequence[tuple[UUID, UUID]], replaced: Sequence[tuple[UUID, str, date]]
) -> None:
    """(absorbed, survivor): what one of them has, the survivor has, once.

    `replaced` are turns of survivors that were taken back and make way for one that stands.
    """
    pairs = [gone for gone, _ in merges], [kept for _, kept in merges]
    await tx.executemany(
        "DELETE FROM task_done WHERE member_id = $1 AND task_id = $2 AND period = $3", replaced
    )
    for table, columns in (
        ("task_done", "task_id, {member}, period, done_at, turn, taken_back_at"),
        ("member_badge", "{member}, badge, task_id, earned_at"),
        ("questionnaire_answer", "questionnaire_id, {member}, answers, answered_at"),
    ):
        names = columns.format(member="member_id")
        await tx.execute(
            f"WITH gone AS (DELETE FROM {table} t"
            " USING unnest($1::uuid[], $2::uuid[]) AS p (absorbed, survivor)"
            " WHERE t.member_id = p.absorbed RETURNING t.*, p.survivor)"
            f" INSERT INTO {table} ({names}) SELECT {columns.format(member='survivor')} FROM gone"
            " ON CONFLICT DO NOTHING",
            *pairs,
        )
