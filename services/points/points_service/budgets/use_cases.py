"""Set aside what campaigns ask for, grant their points, take back what is left.

Locks are taken in one sequence: members, budgets, templates, accounts.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chassis.database import Database, Tx
from contracts.campaign.budgets import BudgetReleased, BudgetRequested, PointsOffered
from contracts.points_events import BudgetAnswered
from points_service.budgets import domain, repository
from points_service.budgets.domain import Asked, Budget, State
from points_service.calendar import month_of
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import templates
from points_service.coupons.discounts import fund
from points_service.coupons.domain import Terms
from points_service.coupons.offered import reserved_template
from points_service.growth.domain import Gain
from points_service.growth.use_cases import apply
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.members import repository as members
from points_service.programme import Programme
from points_service.tiers import repository as tiers

KIND = "campaign"  # of what members gain by it


async def reserve(tx: Tx, programme: Programme, events: Sequence[BudgetRequested]) -> None:
    """Set aside, or refuse, each of them once; told again, the answer is the same."""
    await repository.lock_all(tx)
    known = await repository.lock(tx, {event.reservation_id for event in events})
    outstanding = await repository.outstanding_fen(tx)
    journals: list[Journal] = []
    for event in events:
        budget = known.get(event.reservation_id)
        if budget is None:
            asked = Asked(outstanding, programme.campaign_limit_fen, await _knows(tx, event))
            budget = _budget(tx, event)
            if reason := domain.refusal(budget, asked):
                budget = replace(budget, state=State.REFUSED, reason=reason)
            else:
                outstanding += budget.fen
                journals += await _open(tx, budget, event)
            await repository.add(tx, [budget])
            known[event.reservation_id] = budget
        tx.publish(_answer(tx, budget))
    await ledger.post(tx, journals)


async def release(tx: Tx, events: Sequence[BudgetReleased]) -> None:
    """Keep what was promised, give back the rest. One that was never heard of stays refused."""
    found = await repository.lock(tx, {event.reservation_id for event in events})
    journals: list[Journal] = []
    for event in sorted(events, key=lambda each: each.reservation_id):
        budget = found.get(event.reservation_id)
        if budget is None:
            gone = Budget(
                event.reservation_id, event.campaign_id, 0, 0, 0, 0, State.RELEASED, "released",
                tx.now,
            )  # fmt: skip
            await repository.add(tx, [gone])
            found[event.reservation_id] = gone
        elif budget.state is State.RESERVED:
            released = replace(
                budget, state=State.RELEASED, contacts=max(event.offered, budget.granted)
            )
            journals += await _shrink(tx, released, event.offered)
            await repository.change(tx, released)
            found[event.reservation_id] = released
    await ledger.post(tx, journals)


async def grant(tx: Tx, programme: Programme, events: Sequence[PointsOffered]) -> None:
    """Points that campaigns give, each delivery's once, never more than is set aside.

    Members that points has not heard of, or who were erased, get none.
    """
    ladder = await tiers.ladder(tx, programme.ladder_id)
    oldest = min([tx.now, *(event.offered_at for event in events)])
    whom = {who for event in events for _, who in event.grants}
    found = await members.lock(tx, whom, ladder.since(month_of(oldest)))
    budgets = await repository.lock(tx, {event.reservation_id for event in events})
    refs = [str(delivery) for event in events for delivery, _ in event.grants]
    booked = await repository.granted(tx, [f"{KIND}:{ref}" for ref in refs])
    gains: list[Gain] = []
    for event in events:
        budget = budgets.get(event.reservation_id)
        for delivery, who in event.grants:
            ref = f"{KIND}:{delivery}"
            left = budget is not None and budget.granted < budget.contacts
            if budget is None or not left or ref in booked or found.get(who) is None:
                continue
            booked.add(ref)
            budget = replace(budget, granted=budget.granted + 1)
            gains.append(Gain(who, KIND, str(delivery), event.offered_at, points=event.points))
        if budget is not None:
            budgets[event.reservation_id] = budget
            await repository.change(tx, budget)
    await apply(tx, programme, found, gains)


async def settle(db: Database, now: datetime) -> None:
    """Budgets none of whose coupons can be used any more give back what was never taken."""
    async with db.transaction(readonly=True) as tx:
        over = await repository.over(tx, now)
    for reservation_id in over:
        async with db.transaction() as tx:
            budget = (await repository.lock(tx, [reservation_id]))[reservation_id]
            if await templates.head(tx, reservation_id, lock=True) is not None:
                await repository.unbind(tx, reservation_id)
            journals = await _shrink(tx, budget, offered=0)
            await repository.change(tx, replace(budget, state=State.SETTLED))
            await ledger.post(tx, journals)


def _budget(tx: Tx, event: BudgetRequested) -> Budget:
    return Budget(
        event.reservation_id, event.campaign_id, event.contacts, event.each_fen, event.points, 0,
        State.RESERVED, None, tx.now,
    )  # fmt: skip


async def _knows(tx: Tx, event: BudgetRequested) -> bool:
    """Whether the goods and shops that a coupon names are there."""
    if event.promise is None:
        return True
    skus = {*event.promise.skus, *([event.promise.gift_sku] if event.promise.gift_sku else [])}
    stores = set(event.promise.stores)
    catalogue = Catalogue()
    await catalogue.learn(tx, skus, stores)
    return skus <= catalogue.skus and stores <= catalogue.stores


async def _open(tx: Tx, budget: Budget, event: BudgetRequested) -> list[Journal]:
    """A template that only the campaign issues of, and money for it."""
    if event.promise is None:
        return []
    bounded = budget.each_fen > 0
    terms = Terms(
        reserved_template(budget.reservation_id, event.promise),
        total=budget.contacts,
        budget_fen=budget.fen if bounded else None,
        each_fen=budget.each_fen if bounded else None,
    )
    await templates.put(tx, [terms])
    funding = fund(terms, 0, tx.ids.new(), tx.now)
    return [funding] if funding else []


async def _shrink(tx: Tx, budget: Budget, offered: int) -> list[Journal]:
    """The template keeps what its coupons need."""
    head = await templates.head(tx, budget.reservation_id, lock=True)
    if head is None or head.terms.budget_fen is None:
        return []
    before = head.terms.budget_fen
    needed = domain.still_needed(head.committed_fen, head.issued, offered, budget.each_fen)
    if needed >= before:
        return []
    total = max(offered, head.issued)
    after = replace(head.terms, version=head.terms.version + 1, budget_fen=needed, total=total)
    await templates.revise(tx, after)
    back = fund(after, before, tx.ids.new(), tx.now)
    return [back] if back else []


def _answer(tx: Tx, budget: Budget) -> BudgetAnswered:
    reserved = budget.state is State.RESERVED
    return BudgetAnswered(
        budget.reservation_id, budget.campaign_id, reserved, budget.fen if reserved else 0, tx.now,
        budget.reason if not reserved else None,
    )  # fmt: skip
