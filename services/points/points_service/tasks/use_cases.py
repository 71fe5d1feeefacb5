"""Tasks as they are written and read; acts finish them (`acts.use_cases.record`)."""

from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import acts as api
from contracts.points.common import Words
from points_service.acts import repository as acts
from points_service.calendar import day_of
from points_service.catalogue import repository as catalogue
from points_service.earning.rules import PURCHASE
from points_service.earning.writing import check
from points_service.members.use_cases import existing
from points_service.purchase_tasks.repository import purchases
from points_service.tasks import repository


async def show(tx: Tx) -> api.Tasks:
    """All tasks."""
    return api.Tasks(data=list((await _tasks(tx)).values()))


async def _tasks(tx: Tx) -> dict[str, api.Task]:
    told = await repository.definitions(tx)
    return {task_id: api.Task(task_id=task_id, **each) for task_id, each in told.items()}


async def write(tx: Tx, task: api.Task, author: str) -> api.Task:
    """Add a task. Raises Problem 422 (act, conditions), 409 (its id is taken)."""
    await catalogue.next_version(tx)
    if (task.act is None) == (task.purchases is None):
        raise Problem(422, "one_goal", "Either an act or purchases", pointer="/act")
    if task.act is not None and task.act not in await acts.kinds(tx):
        raise Problem(422, "unknown_act", "There is no such kind of act", pointer="/act")
    if task.purchases is not None:
        check(task.purchases.conditions, PURCHASE, "/purchases/conditions")
    definition = task.model_dump(mode="json", exclude={"task_id"})
    if not await repository.add(tx, task.task_id, definition, author):
        raise Problem(409, "task_exists", "There is such a task already", pointer="/task_id")
    return task


async def progress(tx: Tx, member_id: UUID) -> api.MemberTasks:
    """What a member can do today and how far that is. Raises Problem 404."""
    member = await existing(tx, member_id)
    shown, today = await _tasks(tx), day_of(tx.now)
    turns = {
        (task.task_id, member.member_id, task.begins(today)): task
        for task in await repository.tasks(tx)
        if task.counts(tx.now)
    }
    acts_of = {turn: task for turn, task in turns.items() if task.act}
    counts = await repository.counts(tx, acts_of) if acts_of else {}
    buying = {turn: task for turn, task in turns.items() if task.goal}
    bought = await purchases(tx, buying) if buying else {}
    counts |= {turn: task.progress(bought.get(turn, ())) for turn, task in buying.items()}
    done = await repository.done(tx, [member.member_id])
    return api.MemberTasks(
        member_id=member.member_id,
        data=[
            api.TaskProgress(
                task=shown[task_id],
                since=begin,
                done=min(counts[task_id, holder, begin], task.goal_size),
                finished=(task_id, holder, begin) in done,
            )
            for (task_id, holder, begin), task in turns.items()
        ],
    )


async def badges(tx: Tx, member_id: UUID) -> api.MemberBadges:
    """A member's badges. Raises Problem 404."""
    member = await existing(tx, member_id)
    return api.MemberBadges(
        member_id=member.member_id,
        data=[
            api.EarnedBadge(badge=each.badge, name=Words(**each.name), earned_at=each.earned_at)
            for each in await repository.badges(tx, member.member_id)
        ],
    )
