"""The catalogue of rewards, and a member's exchanges."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, ReadDep, TxDep
from contracts.points.rewards import (
    ExchangeAnswer,
    ExchangeRequest,
    Exchanges,
    Reward,
    RewardRequest,
    Rewards,
    RewardTerms,
)
from points_service.parts import PartsDep
from points_service.rewards import catalogue, use_cases

router = APIRouter()

Limit = Annotated[int, Query(ge=1, le=200)]
RewardId = Annotated[str, Path(max_length=64, pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


@router.get("/v1/rewards")
async def rewards(tx: ReadDep, limit: Limit = 50, cursor: str | None = None) -> Rewards:
    """Rewards of the catalogue."""
    return await catalogue.page(tx, cursor, limit)


@router.post("/v1/rewards", status_code=201, response_model=Reward)
async def add(body: RewardRequest, tx: TxDep, once: OnceDep, parts: PartsDep) -> Response:
    """Add a reward to the catalogue."""
    return await once(
        lambda: catalogue.add(tx, parts.programme, parts.catalogue, body),
        status=201,
    )


@router.get("/v1/rewards/{reward_id}")
async def reward(reward_id: RewardId, tx: ReadDep) -> Reward:
    """A reward."""
    return await catalogue.show(tx, reward_id)


@router.put("/v1/rewards/{reward_id}")
async def change(reward_id: RewardId, body: RewardTerms, tx: TxDep, parts: PartsDep) -> Reward:
    """Change a reward of the catalogue."""
    return await catalogue.change(tx, parts.programme, parts.catalogue, reward_id, body)


@router.post("/v1/members/{member_id}/rewards/{reward_id}/exchanges", response_model=ExchangeAnswer)
async def exchange(
    *,
    member_id: UUID,
    reward_id: RewardId,
    body: ExchangeRequest,
    request: Request,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Exchange points for a reward."""

    async def run() -> ExchangeAnswer:
        return await use_cases.exchange(
            tx,
            parts.catalogue,
            member_id=member_id,
            reward_id=reward_id,
            request=body,
            dry_run=dry_run,
        )

    return await once(run, dry_run=dry_run)


@router.get("/v1/members/{member_id}/reward-exchanges")
async def exchanges(
    member_id: UUID, tx: ReadDep, limit: Limit = 50, cursor: UUID | None = None
) -> Exchanges:
    """What a member exchanged, newest first."""
    return await use_cases.show(tx, member_id, cursor, limit)


@router.post(
    "/v1/members/{member_id}/reward-exchanges/{exchange_id}/cancel", response_model=ExchangeAnswer
)
async def cancel(member_id: UUID, exchange_id: UUID, tx: TxDep, once: OnceDep) -> Response:
    """Undo an exchange."""
    return await once(lambda: use_cases.cancel(tx, member_id, exchange_id))
