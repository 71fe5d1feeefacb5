"""The published rules: anybody may read them."""

from typing import Annotated

from fastapi import Query

from chassis.web import APIRouter, TxDep
from contracts.points.rulebook import Language, PublicRules
from points_service.parts import PartsDep
from points_service.rulebook import use_cases

router = APIRouter()


@router.get("/v1/rules/public")
async def public_rules(
    tx: TxDep,
    parts: PartsDep,
    language: Language = "zh",
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> PublicRules:
    """The rules in plain words."""
    return await use_cases.show(tx, parts.programme, language, version)
