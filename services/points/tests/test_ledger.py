"""Posting: who is busy holds nobody up, nobody deadlocks, and a batch is all or nothing."""

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest
from services.points.tests.conftest import Shop

from chassis.database import Database
from points_service.ledger import repository as ledger
from points_service.ledger.domain import (
    Account,
    AccountKind,
    Journal,
    JournalKind,
    entries,
    issuing,
    member,
)
from testkit import together

CALLERS, POSTINGS = 64, 20


def _journal(db: Database, giver: Account, taker: Account, amount: int = 1) -> Journal:
    journal_id = db.ids.new()
    lines = entries((giver, -amount), (taker, amount))
    return Journal(journal_id, JournalKind.EARN, str(journal_id), db.clock.now(), lines)


async def _post(db: Database, *journals: Journal) -> None:
    async with db.transaction() as tx:
        await ledger.post(tx, journals)


async def test_a_busy_shop_holds_nobody_up(shop: Shop) -> None:
    db, hot = shop.running.db, issuing("s1")
    async with db.transaction() as tx:
        await ledger.post(tx, [_journal(db, hot, member(uuid4()))])
        # Not committed yet, and still others post on the same shop.
        for _ in range(3):
            await asyncio.wait_for(_post(db, _journal(db, hot, member(uuid4()))), timeout=10)
        lanes = await tx.fetchval("SELECT count(*) FROM account WHERE owner = 's1'")
    assert lanes == 2
    async with db.transaction(readonly=True) as tx:
        found = await ledger.balances(tx, AccountKind.ISSUING, ["s1"])
    assert found == {"s1": -4}


async def test_members_in_any_order_never_deadlock(shop: Shop) -> None:
    db = shop.running.db
    people = [member(uuid4()) for _ in range(6)]
    await _post(db, *(_journal(db, issuing("s1"), each, 10_000) for each in people))

    async def caller(number: int) -> None:
        draw = random.Random(number)
        for _ in range(POSTINGS):
            pairs = [draw.sample(people, 2) for _ in range(3)]
            await _post(db, *(_journal(db, one, other) for one, other in pairs))

    await together(map(caller, range(CALLERS)))
    async with db.transaction(readonly=True) as tx:
        owners = [each.owner for each in people]
        found = await ledger.balances(tx, AccountKind.MEMBER, owners)
        booked = await tx.fetchval("SELECT count(*) FROM journal")
    assert sum(found.values()) == 60_000
    assert booked == 6 + CALLERS * POSTINGS * 3
    await shop.check_chain()


async def test_a_batch_with_one_bad_journal_books_nothing(shop: Shop) -> None:
    db, poor = shop.running.db, member(UUID(int=1))
    good = _journal(db, issuing("s1"), member(uuid4()))
    with pytest.raises(asyncpg.CheckViolationError):
        await _post(db, good, _journal(db, poor, issuing("s1"), 5))
    async with db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM entry") == 0
        assert await tx.fetchval("SELECT sum(head) FROM lane") == 0
