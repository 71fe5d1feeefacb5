"""Lock the account, decide, write a line of its statement, post."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import CheckViolationError

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.base import Money
from contracts.points import stored_value as api
from points_service.catalogue.use_cases import Catalogue
from points_service.holders import only_holder
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.members.use_cases import locked
from points_service.redemption.use_cases import check_store
from points_service.stored_value import repository
from points_service.stored_value.domain import (
    Holding,
    Spend,
    TopUp,
    best,
    bonus,
    draw,
    give_back,
    paid_in,
    paid_out,
    pay_back,
    principal,
    spent,
    unspent,
)
from points_service.stored_value.repository import Line


async def open_account(tx: Tx, principal: Principal, member_id: UUID) -> Holding:
    """A new account of a member; raises Problem 404, and 403 for another member's."""
    member = await locked(tx, member_id)  # so that no merge passes by
    await only_holder(tx, principal, member.member_id)
    holding = Holding(tx.ids.new(), member.member_id, tx.now)
    await repository.open_account(tx, holding)
    return holding


async def top_up(
    tx: Tx, window: timedelta, account_id: UUID, request: api.TopUpRequest
) -> api.TopUp:
    """Pay in; raises Problem 404 (account), 422 (a rule that does not apply)."""
    holding = await _locked(tx, account_id)
    rule = await _rule(tx, request)
    paid = TopUp(
        top_up_id=tx.ids.new(),
        account_id=holding.account_id,
        number=await repository.next_number(tx, account_id),
        tender=request.tender,
        rule_id=rule.rule_id if rule else None,
        merchant=rule.merchant if rule else "programme",
        principal=request.amount.amount,
        bonus=rule.bonus_fen if rule else 0,
        principal_left=request.amount.amount,
        bonus_left=rule.bonus_fen if rule else 0,
        topped_up_at=tx.now,
    )
    held = await repository.with_money(tx, [account_id])
    await repository.add_top_up(tx, paid)
    line = _line(tx, "top_up", held, (paid.top_up_id, paid.principal, paid.bonus), account_id)
    await _book(tx, line, paid_in(paid))
    return api.TopUp(
        top_up_id=paid.top_up_id,
        account_id=account_id,
        principal=Money(amount=paid.principal),
        bonus=Money(amount=paid.bonus),
        rule_id=paid.rule_id,
        refundable_until=paid.topped_up_at + window,
        principal_balance=Money(amount=line.principal_balance),
        bonus_balance=Money(amount=line.bonus_balance),
    )


async def _rule(tx: Tx, request: api.TopUpRequest) -> api.BonusRule | None:
    fen = request.amount.amount
    if request.rule_id is None:
        return best(await repository.rules.all(tx, api.BonusRule), fen, tx.now)
    rule = await repository.rules.find(tx, api.BonusRule, request.rule_id)
    if rule is None or not rule.applies(fen, tx.now):
        raise Problem(422, "rule_not_met", "That bonus is not for this top-up", pointer="/rule_id")
    return rule


async def spend(
    tx: Tx, catalogue: Catalogue, account_id: UUID, request: api.SpendRequest
) -> api.Spend:
    """Pay with it; raises Problem 404 (account), 422 (store), 409 (not enough)."""
    await check_store(tx, catalogue, request.store)
    await _locked(tx, account_id)
    held = await repository.with_money(tx, [account_id])
    parts = draw(held, request.amount.amount)
    if parts is None:
        raise _insufficient()
    done = Spend(
        spend_id=tx.ids.new(),
        account_id=account_id,
        store=request.store,
        order_no=request.order_no,
        principal=principal(parts),
        bonus=bonus(parts),
        principal_back=0,
        bonus_back=0,
    )
    await repository.move_left(tx, parts, -1)
    await repository.add_spend(tx, done, parts, tx.now)
    moved = done.spend_id, -done.principal, -done.bonus
    line = _line(tx, "spend", held, moved, account_id, sale=done)
    await _book(tx, line, spent(done, tx.now))
    return _spend(done, line)


async def reverse(
    tx: Tx, account_id: UUID, spend_id: UUID, request: api.ReversalRequest
) -> api.Spend:
    """Give a spend back, whole or in part; the same refund number again answers the same.

    Raises Problem 404 (account, spend), 409 (more than is left, number of another reversal).
    """
    await _locked(tx, account_id)
    done = await repository.spend(tx, account_id, spend_id)
    if done is None:
        raise Problem(404, "unknown_spend", "There is no such spend")
    ref = f"{spend_id}/{request.refund_no}"
    before = await repository.reversal(tx, account_id, ref)
    if before is not None:
        fen = before.principal + before.bonus
        if request.amount is not None and request.amount.amount != fen:
            title = "This refund number was another reversal's"
            raise Problem(409, "refund_no_reused", title, pointer="/refund_no")
        return _spend(done, before)
    fen = done.left if request.amount is None else request.amount.amount
    if not 0 < fen <= done.left:
        raise Problem(409, "nothing_left", "So much is not left to be reversed", pointer="/amount")
    parts = give_back(done, await repository.uses(tx, spend_id), fen)
    held = await repository.with_money(tx, [account_id])
    await repository.move_left(tx, parts, 1)
    await repository.note_back(tx, spend_id, parts)
    journal_id = tx.ids.new()
    moved = journal_id, principal(parts), bonus(parts)
    line = _line(tx, "reversal", held, moved, account_id, sale=done, ref=ref)
    await _book(tx, line, unspent(done, parts, journal_id, request.refund_no, tx.now))
    after = await repository.spend(tx, account_id, spend_id)
    assert after is not None
    return _spend(after, line)


async def refund(
    tx: Tx, window: timedelta, account_id: UUID, request: api.PrincipalRefundRequest
) -> api.PrincipalRefund:
    """Pay principal of a top-up back, with the bonus that came with it.

    Raises Problem 404 (account, top-up), 409 (too late, more than is left).
    """
    await _locked(tx, account_id)
    top_up = await repository.top_up(tx, account_id, request.top_up_id)
    if top_up is None:
        raise Problem(404, "unknown_top_up", "There is no such top-up", pointer="/top_up_id")
    if tx.now >= top_up.topped_up_at + window and not request.closing:
        title = f"Principal is paid back within {window.days} days of its top-up"
        raise Problem(409, "refund_period_over", title, pointer="/top_up_id")
    fen = top_up.principal_left if request.amount is None else request.amount.amount
    if not 0 < fen <= top_up.principal_left:
        raise Problem(409, "nothing_left", "So much principal is not unspent", pointer="/amount")
    part = pay_back(top_up, fen)
    held = await repository.with_money(tx, [account_id])
    await repository.move_left(tx, [part], -1)
    await repository.note_refund(tx, part)
    journal_id = tx.ids.new()
    line = _line(tx, "refund", held, (journal_id, -part.principal, -part.bonus), account_id)
    await _book(tx, line, paid_out(top_up, part, journal_id, tx.now))
    return api.PrincipalRefund(
        refund_id=journal_id,
        account_id=account_id,
        refunded=Money(amount=part.principal),
        bonus_taken=Money(amount=part.bonus),
        principal_balance=Money(amount=line.principal_balance),
        bonus_balance=Money(amount=line.bonus_balance),
    )


async def _locked(tx: Tx, account_id: UUID) -> Holding:
    return _known(await repository.lock(tx, account_id))


def _known(holding: Holding | None) -> Holding:
    if holding is None:
        raise Problem(404, "unknown_account", "There is no such stored-value account")
    return holding


def _insufficient() -> Problem:
    title = "The account has less than that"
    return Problem(409, "insufficient_stored_value", title, pointer="/amount")


def _line(
    tx: Tx,
    kind: str,
    held: Sequence[TopUp],
    moved: tuple[UUID, int, int],  # journal, principal, bonus
    account_id: UUID,
    *,
    sale: Spend | None = None,
    ref: str | None = None,
) -> Line:
    """`held` is what there was before."""
    journal_id, principal, bonus = moved
    return Line(
        account_id=account_id,
        kind=kind,
        journal_id=journal_id,
        principal=principal,
        bonus=bonus,
        principal_balance=sum(each.principal_left for each in held) + principal,
        bonus_balance=sum(each.bonus_left for each in held) + bonus,
        at=tx.now,
        ref=ref,
        store=sale.store if sale else None,
        order_no=sale.order_no if sale else None,
    )


async def _book(tx: Tx, line: Line, journal: Journal) -> None:
    await repository.add_line(tx, line)
    try:
        await ledger.post(tx, [journal])
    except CheckViolationError:  # the ledger's own floor, should ours ever fail
        raise _insufficient() from None


def _spend(done: Spend, line: Line) -> api.Spend:
    return api.Spend(
        spend_id=done.spend_id,
        account_id=done.account_id,
        amount=Money(amount=done.principal + done.bonus),
        principal=Money(amount=done.principal),
        bonus=Money(amount=done.bonus),
        reversed=Money(amount=done.principal_back + done.bonus_back),
        principal_balance=Money(amount=line.principal_balance),
        bonus_balance=Money(amount=line.bonus_balance),
    )
