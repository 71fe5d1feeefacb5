"""Effects of campaigns, a row each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from campaign_service.expectations.domain import Effect
from chassis.database import Tx


async def effects(tx: Tx) -> list[Effect]:
    """All that were measured and causal."""
    rows = await tx.fetch(
        "SELECT campaign_id, scenario, offer, fen, error, contacts FROM campaign_effect"
        " ORDER BY campaign_id"
    )
    return [Effect(**row) for row in rows]


async def put(tx: Tx, effect: Effect) -> None:
    """What a campaign is known to have brought by now."""
    await tx.execute(
        "INSERT INTO campaign_effect (campaign_id, scenario, offer, fen, error, contacts, known_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (campaign_id) DO UPDATE"
        " SET fen = excluded.fen, error = excluded.error, contacts = excluded.contacts,"
        " known_at = excluded.known_at",
        effect.campaign_id, effect.scenario, effect.offer, effect.fen, effect.error,
        effect.contacts, tx.now,
    )  # fmt: skip


async def drop(tx: Tx, campaign_id: UUID) -> None:
    """Nothing causal can be said of it any more."""
    await tx.execute("DELETE FROM campaign_effect WHERE campaign_id = $1", campaign_id)


async def measured_since(tx: Tx, moment: datetime) -> list[UUID]:
    """Campaigns of which contacts were measured since then."""
    rows = await tx.fetch(
        "SELECT DISTINCT campaign_id FROM contact_decision WHERE measured_at >= $1"
        " ORDER BY campaign_id",
        moment,
    )
    return [row["campaign_id"] for row in rows]


async def kinds(tx: Tx, campaign_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """Scenario, kind of offer and first channel of campaigns."""
    rows = await tx.fetch(
        "SELECT campaign_id, plan->>'scenario' AS scenario, plan->'offer'->>'kind' AS offer,"
        " plan->'channels'->>0 AS channel FROM campaign WHERE campaign_id = ANY($1::uuid[])",
        list(campaign_ids),
    )
    return {row["campaign_id"]: (row["scenario"], row["offer"], row["channel"]) for row in rows}
