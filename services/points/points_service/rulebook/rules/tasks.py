"""Tasks and badges."""

from points_service.rulebook.domain import NOTHING, Section, Text, joined, within, yuan
from points_service.rulebook.facts import Facts, Told
from points_service.rulebook.rules.earning import CONDITIONS
from points_service.tasks.domain import Task

PERIODS = {
    "day": Text("每日", "a day"),
    "week": Text("每周", "a week"),
    "month": Text("每月", "a month"),
    "year": Text("每年", "a year"),
    "ever": Text("累计", "in all"),
}


def section(facts: Facts) -> Section:
    """From the tasks that can be done."""
    found = [
        render(task, told, facts)
        for task, told in facts.tasks
        if task.valid_until is None or facts.now < task.valid_until
    ]
    return Section("tasks", Text("任务与徽章", "Tasks and badges"), found)


def render(task: Task, told: Told, facts: Facts) -> Text:
    """A task in words."""
    gives = [
        *([Text(f"{task.growth} 成长值", f"{task.growth} growth")] if task.growth else []),
        *([Text(f"{task.points} 积分", f"{task.points} points")] if task.points else []),
    ]
    if told["badge"]:
        name = told["badge"]["name"]
        gives.append(Text(f"徽章“{name['zh']}”", f"the badge “{name['en']}”"))
    period = PERIODS[task.period]
    name = told["name"]
    deed = _deed(task, facts)
    said = Text(
        f"{name['zh']}：{period.zh}{deed.zh}得", f"{name['en']}: {deed.en} {period.en} brings "
    )
    ends = within(task.valid_from, task.valid_until)
    return said + joined(gives, "、", " and ") + Text("。", ".") + ends


def _deed(task: Task, facts: Facts) -> Text:
    """What is to be done in a period."""
    if task.goal is None:
        act = facts.names(task.act or "")
        return Text(f"{act['zh']} {task.times} 次", f"{act['en']} {task.times} times")
    about = [CONDITIONS[each.kind](each) for each in task.goal.conditions]
    of = joined(about)
    goods = Text(f"（{of.zh}）", f" ({of.en})") if about else NOTHING
    if task.goal.spend_fen:
        fen = yuan(task.goal.spend_fen)
        return Text(f"消费满 {fen} 元", f"spending {fen} yuan") + goods
    times = "once" if task.times == 1 else f"{task.times} times"
    return Text(f"购物 {task.times} 次", f"shopping {times}") + goods
