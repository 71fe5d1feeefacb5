"""Lock the member and the reward, decide, post, tell."""

from dataclasses import replace
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.events import PointsBurnt
from contracts.points import rewards as api
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import repository as coupon_rows
from points_service.coupons import use_cases as coupons
from points_service.coupons.issuing import Grant
from points_service.coupons.withdrawal import withdraw
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.members.use_cases import existing, locked
from points_service.redemption.use_cases import check_store, insufficient_points
from points_service.rewards import domain, repository
from points_service.rewards.catalogue import existing as existing_reward
from points_service.rewards.domain import Exchange, Reward, Taken


async def exchange(
    tx: Tx,
    goods: Catalogue,
    *,
    member_id: UUID,
    reward_id: str,
    request: api.ExchangeRequest,
    dry_run: bool = False,
) -> api.ExchangeAnswer:
    """Burn points, take stock, issue coupons: all of it or nothing.

    Raises Problem 404 (member, reward), 422 (store), 409 (points, stock, limit, tier, validity, or
    why its template issues no coupon).
    """
    await check_store(tx, goods, request.store)
    member = await locked(tx, member_id)
    reward = await existing_reward(tx, reward_id, lock=True)
    had = await repository.had(tx, await members.everybody(tx, member.member_id), reward_id)
    wrong = reward.objection(request.quantity, member.tier, had, tx.now)
    if wrong is not None:
        code, title, pointer = wrong
        raise Problem(409, code, title, pointer=pointer)
    taken = domain.exchange(
        reward,
        member,
        await lots.with_points(tx, [member.member_id]),
        request.quantity,
        store=request.store,
        exchange_id=tx.ids.new(),
        now=tx.now,
    )
    if taken is None:
        raise insufficient_points("/quantity")
    codes = await _issue(tx, reward, taken.exchange, dry_run=dry_run)
    done = replace(taken.exchange, coupons=codes)
    if not dry_run:
        await _save(tx, taken, done)
    shown = _shown(done, None if dry_run else done.exchange_id)
    return api.ExchangeAnswer(exchange=shown, balance=taken.balance)


async def _save(tx: Tx, taken: Taken, done: Exchange) -> None:
    await repository.take(tx, done.reward_id, done.quantity)
    await repository.add_exchange(tx, done)
    await lots.use(tx, taken.uses)
    await ledger.post(tx, [taken.journal])
    tx.publish(PointsBurnt(done.member_id, done.points, tx.now, done.exchange_id, done.store))


async def _issue(tx: Tx, reward: Reward, done: Exchange, *, dry_run: bool) -> tuple[str, ...]:
    """Codes of coupons for a coupon reward; none in a dry run, which only looks at the limits."""
    if reward.template_id is None:
        return ()
    grants = [Grant(done.member_id, f"reward/{done.exchange_id}/{n}") for n in range(done.quantity)]
    offered, refusals = await coupons.offer(tx, reward.template_id, grants, dry_run=dry_run)
    if refusals:
        raise Problem(409, refusals[0].code, refusals[0].title, pointer="/quantity")
    return () if dry_run else tuple(coupon.code for coupon in offered if coupon)


async def cancel(tx: Tx, member_id: UUID, exchange_id: UUID) -> api.ExchangeAnswer:
    """Undo an exchange. Raises Problem 404, 409 (undone already, a coupon of it was used)."""
    member = await locked(tx, member_id)
    done = await repository.exchange(tx, exchange_id)
    if done is None or done.member_id not in await members.everybody(tx, member.member_id):
        raise Problem(404, "unknown_exchange", "The member has no such exchange", pointer="")
    if done.cancelled_at is not None:
        raise Problem(409, "exchange_cancelled", "It was undone before", pointer="")
    await existing_reward(tx, done.reward_id, lock=True)
    await _take_back(tx, done)
    parts = await lots.parts_of(tx, [exchange_id])
    cancelled = domain.cancel(
        done,
        member,
        parts[exchange_id],
        await lots.depreciations(tx, done.exchanged_at),
        journal_id=tx.ids.new(),
        now=tx.now,
    )
    await repository.cancel(tx, cancelled.exchange)
    await repository.take(tx, done.reward_id, -done.quantity)
    await lots.restore(tx, cancelled.returned.restores)
    await lots.use(tx, cancelled.returned.uses)
    await ledger.post(tx, [cancelled.journal])
    return api.ExchangeAnswer(
        exchange=_shown(cancelled.exchange, exchange_id), balance=member.balance + cancelled.back
    )


async def _take_back(tx: Tx, done: Exchange) -> None:
    if not done.coupons:
        return
    issued = (await coupon_rows.lock(tx, done.coupons)).values()
    if any(coupon.order_no is not None for coupon in issued):
        raise Problem(409, "coupon_redeemed", "A coupon of it was used already", pointer="")
    await withdraw(tx, issued)


async def show(tx: Tx, member_id: UUID, before: UUID | None, limit: int) -> api.Exchanges:
    """A page of a member's exchanges, newest first; raises Problem 404."""
    member = await existing(tx, member_id)
    everybody = await members.everybody(tx, member.member_id)
    found = await repository.exchanges(tx, everybody, before, limit + 1)
    page = found[:limit]
    return api.Exchanges(
        data=[_shown(each, each.exchange_id) for each in page],
        next_cursor=str(page[-1].exchange_id) if len(found) > limit else None,
    )


def _shown(done: Exchange, exchange_id: UUID | None) -> api.Exchange:
    return api.Exchange(
        exchange_id=exchange_id,
        reward_id=done.reward_id,
        member_id=done.member_id,
        quantity=done.quantity,
        points=done.points,
        store=done.store,
        coupons=list(done.coupons),
        exchanged_at=done.exchanged_at,
        cancelled_at=done.cancelled_at,
    )
