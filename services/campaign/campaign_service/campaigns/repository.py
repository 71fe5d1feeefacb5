"""Campaigns and their steps, in and out of the database."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update

from campaign_service.campaigns.domain import Action, Campaign, Step
from campaign_service.tables import CampaignRow, CommentRow, PlanRow, StepRow
from chassis.database import Tx
from contracts.campaign.plans import CampaignStatus, Comment, Plan, Reservation

_OWN = (
    "campaign_id", "author", "created_at", "approver", "version", "plan_version", "reviser",
)  # fmt: skip
_ON_A_DAY = (  # where members go a journey of their own, the campaign itself picks nobody
    "NOT EXISTS (SELECT FROM journey j WHERE j.campaign_id = campaign.campaign_id)"
    " AND status = 'launched' AND coalesce((plan->'schedule'->>'starts_on')::date <= $1, true)"
    " AND coalesce((plan->'schedule'->>'ends_on')::date >= $1, true)"
)

# Kinds of triggers by which the audience itself is picked; the first plans had the kind alone.
_KIND = "coalesce(plan->'trigger'->>'kind', plan->>'trigger')"
_OF_AUDIENCE = f"{_KIND} IN ('daily', 'entered') AND plan->'trigger'->>'segment' IS NULL"


async def add(tx: Tx, campaign: Campaign, step: Step) -> bool:
    """Store a plan; False where the name is taken."""
    added = await tx.fetchval(
        insert(CampaignRow)
        .values(
            campaign_id=campaign.campaign_id,
            name=campaign.name,
            plan=kept(campaign.plan),
            author=campaign.author,
            created_at=campaign.created_at,
            status=campaign.status,
            version=campaign.version,
            plan_version=campaign.plan_version,
        )
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(col(CampaignRow.seq))
    )
    if added is None:
        return False
    await _add_step(tx, campaign.campaign_id, step)
    await _add_plan(tx, campaign, campaign.author)
    return True


async def name_taken(tx: Tx, name: str) -> bool:
    """Whether a campaign of this name exists."""
    return bool(await tx.fetchval(select(1).where(col(CampaignRow.name) == name)))


async def get(tx: Tx, campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
    """One campaign; locked against other steps if asked."""
    query = select(CampaignRow).where(col(CampaignRow.campaign_id) == campaign_id)
    row = await tx.fetchrow(query.with_for_update() if lock else query)
    return _campaign(row) if row else None


async def by_id(tx: Tx, campaign_ids: Collection[UUID]) -> dict[UUID, Campaign]:
    """These as they stand."""
    rows = await tx.fetch(
        "SELECT * FROM campaign WHERE campaign_id = ANY($1::uuid[])", list(campaign_ids)
    )
    return {row["campaign_id"]: _campaign(row) for row in rows}


async def get_launched(tx: Tx, campaign_id: UUID) -> Campaign | None:
    """A running campaign, kept running until the transaction ends."""
    query = select(CampaignRow).where(
        col(CampaignRow.campaign_id) == campaign_id,
        col(CampaignRow.status) == CampaignStatus.LAUNCHED,
    )
    row = await tx.fetchrow(query.with_for_update(read=True))
    return _campaign(row) if row else None


async def launched_on(tx: Tx, day: date) -> list[UUID]:
    """Running campaigns that pick members on a day, oldest first; what something else triggers is
    not picked by the day."""
    rows = await tx.fetch(
        f"SELECT campaign_id FROM campaign WHERE {_ON_A_DAY} AND {_OF_AUDIENCE}"
        " ORDER BY created_at, name",
        day,
    )
    return [row["campaign_id"] for row in rows]


async def waiting_on(tx: Tx, day: date) -> list[Campaign]:
    """Running campaigns that decide as members enter their audience, on a day; oldest first."""
    rows = await tx.fetch(
        f"SELECT * FROM campaign WHERE {_ON_A_DAY} AND {_OF_AUDIENCE} AND {_KIND} = 'entered'"
        " ORDER BY created_at, name",
        day,
    )
    return [_campaign(row) for row in rows]


async def page(tx: Tx, before: int | None, limit: int) -> list[tuple[int, Campaign]]:
    """Campaigns with their list position, newest first."""
    query = select(CampaignRow).order_by(col(CampaignRow.seq).desc()).limit(limit)
    if before is not None:
        query = query.where(col(CampaignRow.seq) < before)
    return [(row["seq"], _campaign(row)) for row in await tx.fetch(query)]


async def save(tx: Tx, campaign: Campaign, step: Step) -> None:
    """Store a step taken."""
    await tx.execute(
        update(CampaignRow)
        .where(col(CampaignRow.campaign_id) == campaign.campaign_id)
        .values(
            plan=kept(campaign.plan),
            status=campaign.status,
            version=campaign.version,
            approver=campaign.approver,
            reservation=_reserved(campaign.reservation),
        )
    )
    await _add_step(tx, campaign.campaign_id, step)


async def save_reservation(tx: Tx, campaign_id: UUID, reservation: Reservation) -> None:
    """Where its money is."""
    await tx.execute(
        update(CampaignRow)
        .where(col(CampaignRow.campaign_id) == campaign_id)
        .values(reservation=_reserved(reservation))
    )


async def rewrite(tx: Tx, campaign: Campaign, step: Step) -> None:
    """The plan is worded anew; its versions stay. Raises UniqueViolationError for a name in use."""
    await tx.execute(
        update(CampaignRow)
        .where(col(CampaignRow.campaign_id) == campaign.campaign_id)
        .values(name=campaign.name, plan_version=campaign.plan_version, reviser=step.actor)
    )
    await save(tx, campaign, step)
    await _add_plan(tx, campaign, step.actor)


async def plan_versions(tx: Tx, campaign_id: UUID) -> list[Any]:
    """How the plan was worded: version, document, author, time; the newest first."""
    query = (
        select(PlanRow)
        .where(col(PlanRow.campaign_id) == campaign_id)
        .order_by(col(PlanRow.plan_version).desc())
    )
    return list(await tx.fetch(query))


async def comment(tx: Tx, campaign_id: UUID, said: Comment) -> None:
    """Somebody said something."""
    await tx.execute(insert(CommentRow).values(campaign_id=campaign_id, **said.model_dump()))


async def comments(tx: Tx, campaign_id: UUID) -> list[Comment]:
    """What was said, in its sequence."""
    query = (
        select(CommentRow)
        .where(col(CommentRow.campaign_id) == campaign_id)
        .order_by(col(CommentRow.at), col(CommentRow.comment_id))
    )
    return [
        Comment(**{name: row[name] for name in Comment.model_fields})
        for row in await tx.fetch(query)
    ]


async def between(tx: Tx, first: date, last: date, limit: int) -> list[Campaign]:
    """Those that are to run or do run on a day between these, the first to begin on top."""
    rows = await tx.fetch(
        "SELECT * FROM campaign WHERE status = ANY ($4::text[])"
        " AND coalesce((plan->'schedule'->>'starts_on')::date <= $2, true)"
        " AND coalesce((plan->'schedule'->>'ends_on')::date >= $1, true)"
        " ORDER BY (plan->'schedule'->>'starts_on')::date NULLS FIRST, created_at, name LIMIT $3",
        first, last, limit, ["submitted", "approved", "launched", "paused"],
    )  # fmt: skip
    return [_campaign(row) for row in rows]


async def steps(tx: Tx, campaign_id: UUID) -> list[Step]:
    """A campaign's history, oldest first."""
    query = (
        select(StepRow)
        .where(col(StepRow.campaign_id) == campaign_id)
        .order_by(col(StepRow.version))
    )
    return [
        Step(
            row["version"],
            Action(row["action"]),
            CampaignStatus(row["status"]),
            row["actor"],
            row["at"],
            row["note"],
        )
        for row in await tx.fetch(query)
    ]


async def _add_plan(tx: Tx, campaign: Campaign, author: str) -> None:
    await tx.execute(
        insert(PlanRow).values(
            campaign_id=campaign.campaign_id,
            plan_version=campaign.plan_version,
            plan=kept(campaign.plan),
            author=author,
            at=tx.now,
        )
    )


async def _add_step(tx: Tx, campaign_id: UUID, step: Step) -> None:
    await tx.execute(insert(StepRow).values(campaign_id=campaign_id, **asdict(step)))


def kept(plan: Plan) -> dict[str, Any]:
    """The document of a plan."""
    return plan.model_dump(mode="json", exclude_none=True)


def _reserved(reservation: Reservation | None) -> dict[str, Any] | None:
    return reservation.model_dump(mode="json") if reservation else None


def _campaign(row: Any) -> Campaign:
    return Campaign(
        plan=Plan.model_validate(row["plan"]),
        status=CampaignStatus(row["status"]),
        reservation=Reservation.model_validate(row["reservation"]) if row["reservation"] else None,
        **{name: row[name] for name in _OWN},
    )
