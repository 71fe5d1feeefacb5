"""Models, recommendations, stock."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from chassis.web import APIRouter, PersonalDep, PrincipalDep, ReadDep, TxDep, bulk_body
from contracts.forecasts import (
    ModelReport,
    Recommendations,
    StockBatch,
    StockResult,
    TrainedModel,
    TrainedModels,
    TrainingRequest,
)
from profile_service.forecasts import use_cases

router = APIRouter()
Name = Annotated[str, Path(min_length=1, max_length=40)]


@router.get("/v1/models")
async def get_models(tx: ReadDep) -> TrainedModels:
    """Models and their versions."""
    return await use_cases.models(tx)


@router.get("/v1/models/{name}/report")
async def get_report(name: Name, tx: ReadDep) -> ModelReport:
    """The validation report of the version in use."""
    return await use_cases.report(tx, name)


@router.post("/v1/models/{name}/trainings", status_code=202)
async def post_training(name: Name, body: TrainingRequest, tx: TxDep) -> TrainedModel:
    """Ask for a training."""
    return await use_cases.ask(tx, name, body)


@router.get("/v1/members/{member_id}/recommendations")
async def get_recommendations(
    member_id: UUID,
    tx: ReadDep,
    personal: PersonalDep,
    principal: PrincipalDep,
    *,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
    fresh: bool = False,
    store: Annotated[str | None, Query(max_length=64)] = None,
) -> Recommendations:
    """Goods that a member may want."""
    wish = use_cases.Wish(limit, fresh, personal, store or principal.store)
    return await use_cases.recommendations(tx, member_id, wish)


@router.put("/v1/stock")
async def put_stock(body: Annotated[StockBatch, bulk_body(StockBatch)], tx: TxDep) -> StockResult:
    """Write stock levels."""
    return await use_cases.write_stock(tx, body)
