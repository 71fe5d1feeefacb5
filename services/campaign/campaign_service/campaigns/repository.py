"""Campaigns and their steps, in and out of the database."""

from dataclasses import asdict, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select, update

from campaign_service.campaigns.domain import Action, Campaign, Step
from campaign_service.tables import CampaignRow, StepRow
from chassis.database import Tx
from contracts.campaign.plans import CampaignStatus, Trigger

_FIELDS = [field.name for field in fields(Campaign)]


async def add(tx: Tx, campaign: Campaign, step: Step) -> bool:
    """Store a plan; False where the name is taken."""
    added = await tx.fetchval(
        insert(CampaignRow)
        .values(**asdict(campaign))
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(col(CampaignRow.seq))
    )
    if added is None:
        return False
    await _add_step(tx, campaign.campaign_id, step)
    return True


async def name_taken(tx: Tx, name: str) -> bool:
    """Whether a campaign of this name exists."""
    return bool(await tx.fetchval(select(1).where(col(CampaignRow.name) == name)))


async def get(tx: Tx, campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
    """One campaign; locked against other steps if asked."""
    query = select(CampaignRow).where(col(CampaignRow.campaign_id) == campaign_id)
    row = await tx.fetchrow(query.with_for_update() if lock else query)
    return _campaign(row) if row else None


async def get_launched(tx: Tx, campaign_id: UUID) -> Campaign | None:
    """A running campaign, kept running until the transaction ends."""
    query = select(CampaignRow).where(
        col(CampaignRow.campaign_id) == campaign_id,
        col(CampaignRow.status) == CampaignStatus.LAUNCHED,
    )
    row = await tx.fetchrow(query.with_for_update(read=True))
    return _campaign(row) if row else None


async def launched_on(tx: Tx, day: date) -> list[UUID]:
    """Running campaigns that pick members on a day, oldest first."""
    starts, ends = col(CampaignRow.starts_on), col(CampaignRow.ends_on)
    query = (
        select(CampaignRow.campaign_id)
        .where(
            col(CampaignRow.status) == CampaignStatus.LAUNCHED,
            or_(starts.is_(None), starts <= day),
            or_(ends.is_(None), ends >= day),
        )
        .order_by(col(CampaignRow.created_at), col(CampaignRow.name))
    )
    return [row["campaign_id"] for row in await tx.fetch(query)]


async def waiting_on(tx: Tx, day: date) -> list[Campaign]:
    """Running campaigns that decide as members enter their audience, on a day; oldest first."""
    starts, ends = col(CampaignRow.starts_on), col(CampaignRow.ends_on)
    query = (
        select(CampaignRow)
        .where(
            col(CampaignRow.status) == CampaignStatus.LAUNCHED,
            col(CampaignRow.trigger) == Trigger.ENTERED,
            or_(starts.is_(None), starts <= day),
            or_(ends.is_(None), ends >= day),
        )
        .order_by(col(CampaignRow.created_at), col(CampaignRow.name))
    )
    return [_campaign(row) for row in await tx.fetch(query)]


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
        .values(status=campaign.status, version=campaign.version, approver=campaign.approver)
    )
    await _add_step(tx, campaign.campaign_id, step)


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


async def _add_step(tx: Tx, campaign_id: UUID, step: Step) -> None:
    await tx.execute(insert(StepRow).values(campaign_id=campaign_id, **asdict(step)))


def _campaign(row: Any) -> Campaign:
    values = {name: row[name] for name in _FIELDS}
    return Campaign(**{**values, "status": CampaignStatus(row["status"])})
