"""Experiments, who is in which arm, the global control group; in and out of the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl

from campaign_service.experiments.assigning import Assigned, GlobalControl
from campaign_service.experiments.domain import Experiment
from campaign_service.measurement.domain import Arm
from chassis.database import Tx
from contracts.campaign.experiments import ArmReward, ExperimentRequest

TABLES = ("experiment_member",)  # that follow their member

_COLUMNS = (
    "experiment_id, document, author, created_at, weights, stopped_at, stopped_by, winner"
)  # fmt: skip


async def add(tx: Tx, experiment: Experiment) -> bool:
    """Store it; False where its name or its campaign is taken."""
    added = await tx.fetchval(
        "INSERT INTO experiment (experiment_id, name, campaign_id, document, author, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING experiment_id",
        experiment.experiment_id,
        experiment.asked.name,
        experiment.asked.campaign_id,
        experiment.asked.model_dump(mode="json"),
        experiment.author,
        experiment.created_at,
    )
    return added is not None


async def get(tx: Tx, experiment_id: UUID, *, lock: bool = False) -> Experiment | None:
    """One; locked against other steps if asked."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM experiment WHERE experiment_id = $1"
        f"{' FOR UPDATE' if lock else ''}",
        experiment_id,
    )
    return _experiment(row) if row else None


async def of_campaigns(tx: Tx, campaigns: Collection[UUID]) -> dict[UUID, Experiment]:
    """The experiments on these, by campaign."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM experiment WHERE campaign_id = ANY($1::uuid[])", list(campaigns)
    )
    return {found.asked.campaign_id: found for found in map(_experiment, rows)}


async def page(tx: Tx, before: int | None, limit: int) -> list[tuple[int, Experiment]]:
    """With their list position, newest first."""
    rows = await tx.fetch(
        f"SELECT seq, {_COLUMNS} FROM experiment WHERE $1::bigint IS NULL OR seq < $1"
        " ORDER BY seq DESC LIMIT $2",
        before,
        limit,
    )
    return [(row["seq"], _experiment(row)) for row in rows]


async def bandits(tx: Tx) -> list[Experiment]:
    """Those that still learn, of campaigns that run."""
    rows = await tx.fetch(
        f"SELECT {', '.join('e.' + name for name in _COLUMNS.split(', '))} FROM experiment e"
        " JOIN campaign c USING (campaign_id) WHERE e.document ->> 'method' = 'bandit'"
        " AND e.stopped_at IS NULL AND c.status = 'launched' ORDER BY e.seq"
    )
    return [_experiment(row) for row in rows]


async def stop(tx: Tx, experiment_id: UUID, at: datetime, by: str, winner: str | None) -> None:
    """From now on everybody gets the winner, or the plan as it was."""
    await tx.execute(
        "UPDATE experiment SET stopped_at = $2, stopped_by = $3, winner = $4"
        " WHERE experiment_id = $1",
        experiment_id,
        at,
        by,
        winner,
    )


async def weigh(tx: Tx, experiment_id: UUID, day: date, weights: Mapping[str, float]) -> None:
    """A bandit's weights from a day on; the days before are kept."""
    await tx.execute(
        "INSERT INTO experiment_weight (experiment_id, day, weights) VALUES ($1, $2, $3)"
        " ON CONFLICT (experiment_id, day) DO UPDATE SET weights = excluded.weights",
        experiment_id,
        day,
        dict(weights),
    )
    await tx.execute(
        "UPDATE experiment SET weights = $2 WHERE experiment_id = $1", experiment_id, dict(weights)
    )


async def assigned(tx: Tx, experiment_id: UUID, members: Sequence[UUID]) -> dict[UUID, str]:
    """The arms of those who have one; where two ids became one member, the arm it had first."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (member_id) member_id, variant FROM experiment_member"
        " WHERE experiment_id = $1 AND member_id = ANY($2::uuid[])"
        " ORDER BY member_id, assigned_at, original_member_id",
        experiment_id,
        list(members),
    )
    return {row["member_id"]: row["variant"] for row in rows}


async def assign(tx: Tx, experiment_id: UUID, arms: Mapping[UUID, Assigned], now: datetime) -> None:
    """Members get their arms, for good."""
    await tx.execute(
        "INSERT INTO experiment_member (experiment_id, member_id, original_member_id, variant,"
        " fair, assigned_at) SELECT $1, n.member, n.member, n.variant, n.fair, $2"
        " FROM unnest($3::uuid[], $4::text[], $5::bool[]) AS n (member, variant, fair)"
        " ON CONFLICT DO NOTHING",
        experiment_id,
        now,
        list(arms),
        [each.variant for each in arms.values()],
        [each.fair for each in arms.values()],
    )


# A member's first contact since it was drawn; what chance decided about it is of the fair part.
_FIRST = (
    "SELECT DISTINCT ON (e.member_id) e.member_id, e.variant, e.fair, c.decided_at, c.measured_at,"
    " c.orders, c.revenue_fen, c.before_fen, r.clicked_at FROM experiment_member e"
    " JOIN contact_decision c ON c.member_id = e.member_id AND c.campaign_id = $2"
    " AND c.decided_at >= e.assigned_at AND c.arm = 'treated' AND c.eligible"
    " LEFT JOIN message_response r USING (delivery_id) WHERE e.experiment_id = $1"
    " ORDER BY e.member_id, e.assigned_at, c.decided_at, c.seq"
)


async def rewards(
    tx: Tx, experiment: Experiment, before: datetime
) -> dict[str, tuple[int, int]]:  # fmt: skip
    """(members, of them rewarded) by arm. By clicks: of those contacted up to `before`."""
    if experiment.asked.reward is ArmReward.CLICKED:
        good, known = "clicked_at IS NOT NULL", "decided_at <= $3"
    else:
        good, known = "orders > 0", "measured_at IS NOT NULL AND $3::timestamptz IS NOT NULL"
    rows = await tx.fetch(
        f"SELECT variant, count(*) AS n, count(*) FILTER (WHERE {good}) AS good"
        f" FROM ({_FIRST}) f WHERE {known} GROUP BY variant",
        experiment.experiment_id,
        experiment.asked.campaign_id,
        before,
    )
    none = {arm.name: (0, 0) for arm in experiment.asked.arms}
    return none | {row["variant"]: (row["n"], row["good"]) for row in rows}


async def totals(tx: Tx, experiment: Experiment) -> dict[str, tuple[int, int, int, Arm]]:
    """By arm: members, of them drawn fairly, those who followed the link, and what they did."""
    rows = await tx.fetch(
        "SELECT variant, count(*) AS n, count(*) FILTER (WHERE fair) AS fair,"
        " count(clicked_at) AS clicked, count(measured_at) AS measured,"
        " count(*) FILTER (WHERE orders > 0) AS returned,"
        f" sum(revenue_fen)::bigint AS revenue_fen FROM ({_FIRST}) f GROUP BY variant",
        experiment.experiment_id,
        experiment.asked.campaign_id,
    )
    return {
        row["variant"]: (
            row["n"],
            row["fair"],
            row["clicked"],
            Arm(row["n"], row["measured"], row["returned"], row["revenue_fen"]),
        )
        for row in rows
    }


async def outcomes(tx: Tx, experiment: Experiment) -> list[Any]:
    """Of the fair part: (member, arm, returned 0 or 1, revenue, pre, at), those measured."""
    return await tx.fetch(
        "SELECT member_id, variant, (orders > 0)::int AS returned, revenue_fen, before_fen,"
        f" extract(epoch FROM decided_at)::float8 AS at, '' AS key FROM ({_FIRST}) f"
        " WHERE fair AND measured_at IS NOT NULL",
        experiment.experiment_id,
        experiment.asked.campaign_id,
    )


async def global_control(tx: Tx) -> tuple[GlobalControl, str | None, datetime | None]:
    """The group in force, who set it and when; a share of 0 before anybody did."""
    row = await tx.fetchrow(
        "SELECT share, set_by, set_at FROM global_control ORDER BY seq DESC LIMIT 1"
    )
    if row is None:
        return GlobalControl(0.0), None, None
    return GlobalControl(row["share"]), row["set_by"], row["set_at"]


async def set_global_control(tx: Tx, share: float, by: str, at: datetime) -> None:
    """From now on; what was before is kept."""
    await tx.execute(
        "INSERT INTO global_control (share, set_by, set_at) VALUES ($1, $2, $3)", share, by, at
    )


async def spending(tx: Tx, since: datetime, until: datetime) -> pl.DataFrame:
    """What members who had joined before `since` paid up to `until`: unit (16 bytes), revenue."""
    rows = await tx.fetch(
        "SELECT m.member_id, coalesce(sum(p.paid_fen - p.refunded_fen), 0)::bigint AS fen"
        " FROM member m LEFT JOIN purchase p ON p.member_id = m.member_id AND p.paid_at > $1"
        " AND p.paid_at <= $2 WHERE m.registered_at <= $1 GROUP BY m.member_id",
        since,
        until,
    )
    return pl.DataFrame(
        {"unit": [row["member_id"].bytes for row in rows], "revenue": [r["fen"] for r in rows]},
        schema={"unit": pl.Binary, "revenue": pl.Float64},
    )


def _experiment(row: Any) -> Experiment:
    return Experiment(
        row["experiment_id"],
        ExperimentRequest.model_validate(row["document"]),
        row["author"],
        row["created_at"],
        row["weights"],
        row["stopped_at"],
        row["stopped_by"],
        row["winner"],
    )
