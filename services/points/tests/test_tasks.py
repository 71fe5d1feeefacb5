"""Tasks and badges: finished once a period, whatever the sequence."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_acts import act, growth, register

from contracts.events import MembersMerged
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme
from testkit import together

DAY = timedelta(days=1)
TWO = {"zh": "名", "en": "name"}
SHARER = {
    "task_id": "sharer", "name": TWO, "act": "share", "times": 3, "period": "month", "growth": 40,
    "points": 25, "badge": {"badge": "sharer", "name": TWO},
}  # fmt: skip


async def write(shop: Shop, **change: Any) -> None:
    """Add the task."""
    answer = await shop.client.post("/v1/tasks", json=SHARER | change)
    assert answer.status_code == 200, answer.text


async def badges(shop: Shop, member: UUID) -> list[str]:
    """Codes of a member's badges."""
    shown = await shop.get(f"/v1/members/{member}/badges")
    return [each["badge"] for each in shown["data"]]


async def test_a_task_is_finished_once_a_period(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    await write(shop)
    answers = [await act(shop, member, "share", ref=f"r{n}") for n in range(4)]
    assert [answer["growth"] for answer in answers] == [20, 20, 60, 20]
    assert [answer["points"] for answer in answers] == [0, 0, 25, 0]
    assert answers[2]["badges"] == ["sharer"] and answers[2]["balance"] == 25
    assert await act(shop, member, "share", ref="r2") == answers[2] | {"balance": 25}
    [progress] = (await shop.get(f"/v1/members/{member}/tasks"))["data"]
    assert (progress["done"], progress["finished"]) == (3, True)
    assert progress["since"] == "2017-03-01" and progress["task"]["task_id"] == "sharer"
    shop.move(NOON + 31 * DAY)
    later = [await act(shop, member, "share", ref=f"a{n}") for n in range(3)]
    assert [answer["growth"] for answer in later] == [20, 20, 60]
    assert later[2]["badges"] == []  # it has it already
    assert await badges(shop, member) == ["sharer"]
    [event] = await shop.events("points.badge_earned.v1")
    assert event["badge"] == "sharer"
    assert await growth(shop, member) == {"share": 140, "task": 80}
    await shop.check_books()


async def test_any_sequence_and_any_number_of_callers_come_to_the_same(shop: Shop) -> None:
    await write(shop, period="week", times=2, badge=None)
    one, other = uuid4(), uuid4()
    await register(shop, one, other)
    shop.move(NOON + 20 * DAY)
    days = [(NOON + n * DAY).isoformat() for n in range(14)]
    shuffled = days[:]
    random.Random(1).shuffle(shuffled)
    for n, day in enumerate(days):
        await act(shop, one, "share", ref=f"a{n}", occurred_at=day)
    await together(
        act(shop, other, "share", ref=f"b{days.index(day)}", occurred_at=day)
        for day in shuffled * 3
    )
    assert await growth(shop, one) == await growth(shop, other) == {"share": 280, "task": 120}


async def test_a_task_counts_in_its_time(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    await write(
        shop, period="ever", times=2, badge=None, valid_from=NOON.isoformat(),
        valid_until=(NOON + DAY).isoformat(),
    )  # fmt: skip
    shop.move(NOON + 2 * DAY)
    for n, hours in enumerate((-1, 24, 0, 23)):
        at = (NOON + timedelta(hours=hours)).isoformat()
        answer = await act(shop, member, "share", ref=f"r{n}", occurred_at=at)
        assert answer["growth"] == (60 if n == 3 else 20)
    assert (await shop.get(f"/v1/members/{member}/tasks"))["data"] == []


async def test_badges_and_tasks_follow_merges(shop: Shop, member: UUID) -> None:
    other = uuid4()
    await register(shop, member, other)
    await write(shop)
    for who in (member, other):
        for n in range(2):
            await act(shop, who, "share", ref=f"{who}{n}")
    await act(shop, other, "share", ref="last")
    async with shop.running.db.transaction() as tx:
        gone = MembersMerged(uuid4(), member, other, NOON, "phone:x")
        await on_merged(Programme()).handler(tx, [gone])
    assert await badges(shop, member) == await badges(shop, other) == ["sharer"]
    assert "task" in await growth(shop, member)
    before = await growth(shop, member)
    await act(shop, member, "share", ref="another")
    assert (await growth(shop, member))["task"] == before["task"]


async def test_what_makes_no_sense_is_refused(shop: Shop) -> None:
    answer = await shop.client.post("/v1/tasks", json=SHARER | {"act": "dance"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_act")
    await write(shop)
    again = await shop.client.post("/v1/tasks", json=SHARER)
    assert (again.status_code, again.json()["code"]) == (409, "task_exists")
    assert [each["task_id"] for each in (await shop.get("/v1/tasks"))["data"]] == ["sharer"]
