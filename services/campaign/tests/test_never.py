"""Campaigns against what must never happen: 64 workers at a budget, crashes in mid-batch."""

import asyncio
from datetime import datetime
from uuid import UUID

import pytest
from services.campaign.tests.world import DESK, World, at

from campaign_service.decisions import jobs
from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import ask, run_campaign
from chassis.database import Tx
from contracts.base import Money
from contracts.campaign.decisions import Outcome
from contracts.campaign.plans import Scenario

NOON = at("2017-04-01 12:00")
WORKERS, EACH = 64, 4


async def test_sixty_four_workers_spend_no_more_than_there_is(world: World) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL, budget=Money(amount=500))
    await world.members(*range(1, WORKERS * EACH + 1))

    async def work(worker: int) -> list[Outcome]:
        async with world.db.transaction() as tx:
            tx.now = NOON
            first = worker * EACH + 1
            asks = [Ask(UUID(int=n), NOON) for n in range(first, first + EACH)]
            return list((await ask(tx, DESK, campaign_id, asks)).values())

    found = [each for part in await asyncio.gather(*map(work, range(WORKERS))) for each in part]
    assert (found.count(Outcome.MESSAGE), len(found)) == (100, WORKERS * EACH)
    async with world.db.transaction() as tx:
        spent = await tx.fetchval("SELECT committed_fen FROM campaign_spend")
        held = await tx.fetchval("SELECT sum(cost_fen) FROM delivery")
        assert spent == held == 500
        await tx.execute("UPDATE delivery SET status = 'refused' WHERE status = 'held'")
        assert await tx.fetchval("SELECT committed_fen + messages FROM campaign_spend") == 0


async def test_workers_who_ask_for_the_same_members_contact_them_once(world: World) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(*range(1, 21))

    async def work(worker: int) -> None:
        async with world.db.transaction() as tx:
            tx.now = NOON
            occasion = NOON if worker % 2 else at("2017-04-01 11:00")
            asks = [Ask(UUID(int=n), occasion) for n in range(1, 21)]
            await ask(tx, DESK, campaign_id, asks)

    await asyncio.gather(*map(work, range(WORKERS)))
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT member_id, count(*) AS n FROM delivery GROUP BY 1")
    assert [row["n"] for row in rows] == [1] * 20  # one a day, whatever the occasion


@pytest.mark.parametrize("dies_at", [1, 3])
async def test_a_batch_goes_on_where_it_was_cut_off(
    world: World, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(*range(1, 36))
    monkeypatch.setattr(jobs, "CHUNK", 10)
    flush, parts = Tx.flush, 0

    async def dies(tx: Tx) -> bool:
        nonlocal parts
        parts += 1
        if parts == dies_at:
            raise ConnectionError
        return await flush(tx)

    (job,) = jobs.jobs(DESK)
    day = at("2017-04-01")
    with monkeypatch.context() as patch:
        patch.setattr(Tx, "flush", dies)
        with pytest.raises(ConnectionError):
            await job.run(world.db, day)
    decided = await _decided(world)
    assert len(decided) == 10 * max(dies_at - 2, 0)  # the first transaction only lists campaigns
    await job.run(world.db, day)
    again = await _decided(world)
    assert len(again) == 35 and decided.items() <= again.items()
    async with world.db.transaction() as tx:
        assert not await run_campaign(tx, campaign_id, DESK, day, 10)
    assert await _decided(world) == again


async def _decided(world: World) -> dict[int, datetime]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id, due_at FROM delivery")
    assert len({row["member_id"] for row in rows}) == len(rows)
    return {row["member_id"].int: row["due_at"] for row in rows}
