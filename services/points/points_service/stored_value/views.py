"""Accounts and statements as the API shows them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.base import Money
from contracts.points import stored_value as api
from points_service.holders import only_holder
from points_service.members.use_cases import existing
from points_service.stored_value import repository
from points_service.stored_value.domain import Holding, TopUp, refundable


async def account(
    tx: Tx, window: timedelta, caller: Principal, account_id: UUID
) -> api.StoredValue:
    """What is on an account; raises Problem 404, and 403 for another member's."""
    holding = await _readable(tx, caller, account_id)
    return shown(holding, await repository.with_money(tx, [account_id]), tx.now, window)


async def accounts(tx: Tx, window: timedelta, member_id: UUID) -> api.StoredValues:
    """All of a member's; raises Problem 404."""
    member = await existing(tx, member_id)
    holdings = await repository.of_member(tx, member.member_id)
    money = await repository.with_money(tx, [each.account_id for each in holdings])
    return api.StoredValues(data=[shown(each, money, tx.now, window) for each in holdings])


async def statement(
    tx: Tx, caller: Principal, account_id: UUID, before: int, limit: int
) -> api.StoredValueStatement:
    """A page; raises Problem 404, and 403 for another member's."""
    await _readable(tx, caller, account_id)
    found = await repository.lines(tx, account_id, before, limit + 1)
    page = found[:limit]
    return api.StoredValueStatement(
        data=[
            api.StoredValueLine(
                line_id=line.line_id or 0,
                kind=line.kind,
                journal_id=line.journal_id,
                principal=line.principal,
                bonus=line.bonus,
                principal_balance=line.principal_balance,
                bonus_balance=line.bonus_balance,
                store=line.store,
                order_no=line.order_no,
                at=line.at,
            )
            for line in page
        ],
        next_cursor=str(page[-1].line_id) if len(found) > limit else None,
    )


def shown(
    holding: Holding, money: Sequence[TopUp], now: datetime, window: timedelta
) -> api.StoredValue:
    """An account with its own of these top-ups."""
    own = [each for each in money if each.account_id == holding.account_id]
    return api.StoredValue(
        account_id=holding.account_id,
        member_id=holding.member_id,
        principal=Money(amount=sum(each.principal_left for each in own)),
        bonus=Money(amount=sum(each.bonus_left for each in own)),
        refundable=Money(amount=refundable(own, now, window)),
        opened_at=holding.opened_at,
    )


async def _readable(tx: Tx, caller: Principal, account_id: UUID) -> Holding:
    holding = await repository.find(tx, account_id)
    if holding is None:
        raise Problem(404, "unknown_account", "There is no such stored-value account")
    await only_holder(tx, caller, holding.member_id)
    return holding
