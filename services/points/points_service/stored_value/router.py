"""Stored value: accounts, money in, money out."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.base import Model
from contracts.points import stored_value as api
from points_service.paging import NEWEST, Before, Limit
from points_service.parts import PartsDep
from points_service.stored_value import repository, use_cases, views

router = APIRouter()

_ONE = "/v1/accounts/stored-value/{account_id}"


@router.get("/v1/stored-value-rules")
async def rules(tx: ReadDep) -> api.BonusRules:
    """Bonus rules."""
    return api.BonusRules(data=await repository.rules.all(tx, api.BonusRule))


@router.put("/v1/stored-value-rules/{rule_id}", response_model=api.BonusRule)
async def put_rule(rule_id: str, body: api.BonusRule, tx: TxDep) -> Model:
    """Keep a bonus rule."""
    return await repository.rules.put(tx, rule_id, body)


@router.post("/v1/accounts/stored-value", status_code=201, response_model=api.StoredValue)
async def open_account(
    body: api.OpenAccount, tx: TxDep, principal: PrincipalDep, once: OnceDep, parts: PartsDep
) -> Response:
    """Open an account."""

    async def run() -> api.StoredValue:
        holding = await use_cases.open_account(tx, principal, body.member_id)
        return views.shown(holding, [], tx.now, parts.programme.stored_value_window)

    return await once(run, status=201)


@router.get(_ONE)
async def account(
    account_id: UUID, tx: ReadDep, principal: PrincipalDep, parts: PartsDep
) -> api.StoredValue:
    """What is on an account."""
    return await views.account(tx, parts.programme.stored_value_window, principal, account_id)


@router.get("/v1/members/{member_id}/stored-value")
async def accounts(member_id: UUID, tx: ReadDep, parts: PartsDep) -> api.StoredValues:
    """A member's accounts."""
    return await views.accounts(tx, parts.programme.stored_value_window, member_id)


@router.get(f"{_ONE}/statement")
async def statement(
    account_id: UUID,
    tx: ReadDep,
    principal: PrincipalDep,
    limit: Limit = 50,
    cursor: Before = NEWEST,
) -> api.StoredValueStatement:
    """Movements and running balances."""
    return await views.statement(tx, principal, account_id, cursor, limit)


@router.post(f"{_ONE}/top-ups", response_model=api.TopUp)
async def top_up(
    *,
    account_id: UUID,
    body: api.TopUpRequest,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Pay in."""
    window = parts.programme.stored_value_window
    return await once(lambda: use_cases.top_up(tx, window, account_id, body))


@router.post(f"{_ONE}/spends", response_model=api.Spend)
async def spend(
    *,
    account_id: UUID,
    body: api.SpendRequest,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Pay with it."""
    return await once(lambda: use_cases.spend(tx, parts.catalogue, account_id, body))


@router.post(f"{_ONE}/spends/{{spend_id}}/reversals", response_model=api.Spend)
async def reverse(
    *,
    account_id: UUID,
    spend_id: UUID,
    body: api.ReversalRequest,
    tx: TxDep,
    once: OnceDep,
) -> Response:
    """Give a spend back."""
    return await once(lambda: use_cases.reverse(tx, account_id, spend_id, body))


@router.post(f"{_ONE}/refunds", response_model=api.PrincipalRefund)
async def refund(
    *,
    account_id: UUID,
    body: api.PrincipalRefundRequest,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Pay principal back."""
    window = parts.programme.stored_value_window
    return await once(lambda: use_cases.refund(tx, window, account_id, body))
