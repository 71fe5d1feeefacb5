"""Tasks and badges."""

from collections.abc import Mapping
from typing import Any

from chassis.database import Tx
from points_service.acts import repository as acts
from points_service.programme import Programme
from points_service.rulebook.domain import Section, Text, joined, within
from points_service.tasks import repository
from points_service.tasks.domain import Task

PERIODS = {
    "day": Text("每日", "a day"),
    "week": Text("每周", "a week"),
    "month": Text("每月", "a month"),
    "year": Text("每年", "a year"),
    "ever": Text("累计", "in all"),
}


async def section(tx: Tx, programme: Programme) -> Section:
    """From the tasks that can be done."""
    kinds = {kind: told["name"] for kind, told in (await acts.kind_definitions(tx)).items()}
    told = await repository.definitions(tx)
    found = [
        render(task, told[task.task_id], kinds)
        for task in await repository.tasks(tx)
        if task.valid_until is None or tx.now < task.valid_until
    ]
    return Section("tasks", Text("任务与徽章", "Tasks and badges"), found)


def render(task: Task, told: Mapping[str, Any], kinds: Mapping[str, Mapping[str, str]]) -> Text:
    """A task in words."""
    act = kinds.get(task.act, {"zh": task.act, "en": task.act})
    gives = [
        *([Text(f"{task.growth} 成长值", f"{task.growth} growth")] if task.growth else []),
        *([Text(f"{task.points} 积分", f"{task.points} points")] if task.points else []),
    ]
    if told["badge"]:
        name = told["badge"]["name"]
        gives.append(Text(f"徽章“{name['zh']}”", f"the badge “{name['en']}”"))
    period = PERIODS[task.period]
    name = told["name"]
    said = Text(
        f"{name['zh']}：{period.zh}{act['zh']} {task.times} 次得",
        f"{name['en']}: {act['en']} {task.times} times {period.en} brings ",
    )
    ends = within(task.valid_from, task.valid_until)
    return said + joined(gives, "、", " and ") + Text("。", ".") + ends
