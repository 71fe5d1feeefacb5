"""Count orders for tasks after they were booked, and again after refunds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.database import Tx
from contracts.points_events import BadgeEarned
from points_service.acts.use_cases import customs
from points_service.calendar import month_of
from points_service.catalogue import repository as catalogue
from points_service.growth import use_cases as growth
from points_service.members import repository as members
from points_service.programme import Programme
from points_service.purchase_tasks import repository
from points_service.purchase_tasks.domain import Order, Turn, decide, turn_of
from points_service.purchase_tasks.repository import Counted
from points_service.tasks import repository as badges
from points_service.tasks.domain import Task
from points_service.tiers import repository as tiers


async def bought(tx: Tx, programme: Programme, order_nos: Collection[str]) -> None:
    """Orders were booked: keep for which tasks they count, finish what is finished.

    It posts, so call it last.
    """
    tasks = await _tasks(tx, programme)
    if not tasks or not order_nos:
        return
    orders = await repository.orders(tx, order_nos)
    skus = {sku for order in orders.values() for sku, _, _ in order.goods.items}
    articles = await catalogue.products(tx, skus)
    counted = [
        Counted(task_id, order.order_no, order.member_id, order.paid_at, lines, order.left(lines))
        for order in orders.values()
        for task_id, task in tasks.items()
        if not isinstance(lines := order.counts_for(task, articles), bool)
    ]
    if counted:
        await _settle(tx, programme, tasks, orders, counted, fresh=True)


async def given_back(tx: Tx, programme: Programme, order_nos: Collection[str]) -> None:
    """Orders were given back in part or whole: take back what is not finished any more.

    It posts, so call it last.
    """
    if counted := await repository.kept(tx, order_nos):
        orders = await repository.orders(tx, order_nos)
        tasks = await _tasks(tx, programme)
        await _settle(tx, programme, tasks, orders, counted, fresh=False)


async def _tasks(tx: Tx, programme: Programme) -> dict[str, Task]:
    return {task.task_id: task for task in (await customs(tx, programme)).tasks if task.goal}


async def _settle(
    tx: Tx,
    programme: Programme,
    tasks: Mapping[str, Task],
    orders: Mapping[str, Order],
    counted: Sequence[Counted],
    *,
    fresh: bool,
) -> None:
    ladder = await tiers.ladder(tx, programme.ladder_id)
    oldest = min(tx.now, *(each.paid_at for each in counted))
    holders = {each.member_id for each in counted}
    found = await members.lock(tx, holders, ladder.since(month_of(oldest)))
    living = [replace(each, member_id=found.living(each.member_id)) for each in counted]
    if fresh:
        await repository.add(tx, living)
    else:
        await repository.leave(
            tx,
            [(c.task_id, c.order_no, orders[c.order_no].left(c.lines)) for c in counted],
        )
    turns: dict[Turn, Task] = {
        turn_of(c.task_id, tasks[c.task_id], c.member_id, c.paid_at): tasks[c.task_id]
        for c in living
    }
    done = await repository.done(tx, {c.member_id for c in living})
    decided = decide(turns, await repository.purchases(tx, turns), done, tx.now)
    if decided.finished:
        await repository.finish(tx, decided.finished)
        await _give_badges(tx, {turn: turns[turn] for turn in decided.finished})
    if decided.taken_back:
        await repository.take_back(tx, decided.taken_back)
    if decided.gains:
        await growth.apply(tx, programme, found, decided.gains)


async def _give_badges(tx: Tx, turns: Mapping[Turn, Task]) -> None:
    owned = await badges.badge_codes(tx, {member_id for _, member_id, _ in turns})
    new: dict[tuple[UUID, str], str] = {
        (member_id, task.badge): task_id
        for (task_id, member_id, _), task in turns.items()
        if task.badge and (member_id, task.badge) not in owned
    }
    await badges.give_badges(
        tx, [(member_id, badge, task_id, tx.now) for (member_id, badge), task_id in new.items()]
    )
    for member_id, badge in new:
        tx.publish(BadgeEarned(member_id, badge, tx.now))
