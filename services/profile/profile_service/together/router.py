"""What goes together."""

from typing import Annotated

from fastapi import Path, Query

from chassis.web import APIRouter, ReadDep
from contracts.insights import GoodsBeside, GoodsPairs, Level
from profile_service.together import use_cases

router = APIRouter()
_MOST = 50  # goods of a basket that are looked at


@router.get("/v1/insights/baskets")
async def baskets(
    tx: ReadDep,
    *,
    level: Level = "category",
    min_support: Annotated[float, Query(ge=0, le=1)] = 0,
    min_lift: Annotated[float, Query(ge=0)] = 1,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> GoodsPairs:
    """Pairs, the greatest lift first."""
    return await use_cases.pairs(tx, level, (min_support, min_lift), limit)


@router.get("/v1/products/{sku}/bought-together")
async def bought_together(
    sku: Annotated[str, Path(min_length=1, max_length=64)],
    tx: ReadDep,
    *,
    basket: Annotated[str, Query(max_length=4000)] = "",
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> GoodsBeside:
    """Goods in stock that are bought with one, or with a basket."""
    named = dict.fromkeys(each.strip() for each in (sku, *basket.split(",")))
    return await use_cases.beside(tx, [each for each in named if each][:_MOST], limit)
