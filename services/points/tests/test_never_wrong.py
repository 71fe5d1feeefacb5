"""Limits under 64 callers at once, and holds that everybody resolves at once: counted."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from services.points.tests.conftest import Shop
from services.points.tests.scarce import CALLERS, SCARCE, Prepare

from points_service.holds.use_cases import release_due
from testkit import together
from testkit.never_wrong import Tally

MEMBERS, HOLDS_EACH = 50, 8


@pytest.mark.parametrize("prepare", SCARCE, ids=lambda prepare: prepare.__name__)
async def test_no_limit_gives_with_64_callers(shop: Shop, prepare: Prepare) -> None:
    with Tally() as tally:
        scarce = await prepare(shop)
        answers = await together(scarce.call(n) for n in range(CALLERS))
        refused = Counter(each.status_code for each in answers if not each.is_success)
        given = sum(scarce.gave(each.json()) for each in answers if each.is_success)
        tally.add("budgets and limits under 64 callers", CALLERS, max(0, given - scarce.most))
        assert given == scarce.most, refused
        assert set(refused) <= {404, 409, 422}, refused  # 404: somebody else has the code
        await shop.check_books()


async def _held(shop: Shop) -> list[tuple[UUID, str]]:
    """(member, open hold): of all points of many members; each second one of them ends."""
    members = [uuid4() for _ in range(MEMBERS)]
    await shop.batch([shop.order(member, HOLDS_EACH * 200) for member in members])

    async def place(number: int) -> tuple[UUID, str]:
        member = members[number % MEMBERS]
        body = {"points": 200, "reason": "race", "expires_in_seconds": number + 1}
        answer = await shop.client.post(f"/v1/members/{member}/points/holds", json=body)
        return member, answer.json()["hold"]["hold_id"]

    return await together(map(place, range(MEMBERS * HOLDS_EACH)))


async def test_a_hold_resolves_once_though_post_void_and_expiry_race(shop: Shop) -> None:
    held = await _held(shop)
    turns, told = asyncio.Semaphore(CALLERS), []

    async def call(hold: tuple[UUID, str], action: str) -> None:
        path = f"/v1/members/{hold[0]}/points/holds/{hold[1]}/{action}"
        body = {"points": 100} if action == "post" else {}
        async with turns:
            answer = await shop.client.post(path, json=body)
        told.append((hold[1], action, str(answer.json().get("code", "done"))))

    async def end(seconds: int) -> None:
        async with turns:
            await release_due(shop.running.db, shop.clock.now() + timedelta(seconds=seconds))

    calls = [(hold, action) for hold in held for action in ("post", "void")]
    random.Random(1).shuffle(calls)
    racing = [call(*each) for each in calls]
    for seconds in range(len(held), 0, -5):  # what ends goes on in step with what is called
        racing.insert(2 * seconds, end(seconds))
    await together(racing)
    await release_due(shop.running.db, shop.clock.now() + timedelta(days=1))
    await _each_once(shop, held, told)
    await shop.check_books()


async def _each_once(
    shop: Shop, held: list[tuple[UUID, str]], told: list[tuple[str, str, str]]
) -> None:
    done = {hold_id: [a for h, a, code in told if h == hold_id and code == "done"]
            for _, hold_id in held}  # fmt: skip
    assert {code for _, _, code in told} <= {"done", "hold_resolved"}
    async with shop.running.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT hold_id::text AS id, status, posted, (SELECT count(*) FROM journal"
            " WHERE ref = hold_id::text AND kind IN ('post', 'void')) AS journals FROM hold"
        )
    as_told = {"post": ("posted", 100, 2), "void": ("voided", 0, 1), "end": ("expired", 0, 1)}
    with Tally() as tally:
        for row in rows:
            by = done[row["id"]]
            due = as_told[by[0] if by else "end"]
            found = row["status"], row["posted"], row["journals"]
            wrong = len(by) > 1 or found != due
            tally.add("a hold resolves once though all race", violations=int(wrong))
        ways = Counter(row["status"] for row in rows)
        print(f"\n{len(rows)} holds: {dict(ways)}")
        assert len(rows) == len(held) and ways["expired"] and len(ways) == 3
