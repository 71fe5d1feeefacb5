"""Earning rules."""

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.earning import (
    EarningRuleAnswer,
    EarningRuleBody,
    EarningRules,
    NewEarningRule,
)
from points_service.earning import writing
from points_service.parts import PartsDep

router = APIRouter()


@router.get("/v1/earning-rules")
async def rules(tx: ReadDep) -> EarningRules:
    """What brings points and growth."""
    return await writing.show_all(tx)


@router.post("/v1/earning-rules", response_model=EarningRuleAnswer)
async def add(
    *,
    body: NewEarningRule,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Add a rule."""

    async def run() -> EarningRuleAnswer:
        author = principal.subject
        return await writing.add(tx, parts.programme, body, author, dry_run=dry_run)

    return await once(run, dry_run=dry_run)


@router.get("/v1/earning-rules/{rule_id}")
async def rule(rule_id: str, tx: ReadDep) -> EarningRuleAnswer:
    """A rule with all its versions."""
    return await writing.show(tx, rule_id)


@router.put("/v1/earning-rules/{rule_id}")
async def change(
    *,
    rule_id: str,
    body: EarningRuleBody,
    tx: TxDep,
    principal: PrincipalDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> EarningRuleAnswer:
    """Change a rule: a new version from now on."""
    author = principal.subject
    return await writing.change(tx, parts.programme, rule_id, body, author, dry_run=dry_run)
