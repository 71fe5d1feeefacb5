"""Anything members, tills and clocks do, in any sequence, beside a reference in pure Python.

Hypothesis drives the use cases on the real database: 500 examples of 50 steps, ten times as many
with TEST_LONG=1. After every step the members' accounts and lots are what the reference says;
after every so many examples every invariant holds in SQL and the hash chain is whole.
"""

import asyncio
import os
from itertools import count
from pathlib import Path

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)
from services.points.tests.conftest import BOOKS
from services.points.tests.machine import PROGRAMME, TAKES, Books
from services.points.tests.watching import MONTHS, Watched

from chassis.clock import DrivenClock
from chassis.database import Database
from chassis.evidence.strongbox import Strongbox
from chassis.ids import Ids
from points_service.catalogue import repository as catalogue_rows
from points_service.catalogue.domain import Goods
from points_service.catalogue.use_cases import Catalogue
from points_service.expiry import repository as expiry_rows
from points_service.expiry.domain import Policy
from points_service.overview import books
from points_service.overview import use_cases as overview
from points_service.proofs.audit import audit
from points_service.proofs.domain import LEDGER
from testkit.databases import Databases
from testkit.never_wrong import Tally
from testkit.stack import Stack

EXAMPLES = 5000 if os.environ.get("TEST_LONG") else int(os.environ.get("HY_EX", "500"))
STEPS = 50
EXAMPLES_A_DATABASE = 100  # then every invariant is looked at, and the tables are emptied


async def _prepare(db: Database) -> None:
    async with db.transaction() as tx:
        await catalogue_rows.save_products(tx, {"milk": Goods()})
        await catalogue_rows.add_stores(tx, ["s1"])
        await expiry_rows.keep(tx, Policy("rolling", "rolling", True, {"months": MONTHS}))
        for (month, day), percent in TAKES.items():
            figures = {"month": month, "day": day, "percent": percent}
            await expiry_rows.keep(tx, Policy(f"d{month}", "depreciation", True, figures))


async def _look_at_everything(db: Database, tally: Tally, folder: Path) -> None:
    """Every invariant in SQL over all there is, the chain, and the totals."""
    async with db.transaction(readonly=True) as tx:
        for name, query in BOOKS.items():
            wrong = await tx.fetch(query)
            tally.add("every invariant in SQL", violations=len(wrong))
            assert wrong == [], name
        journals, accounts = await tx.fetchrow(
            "SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM account)"
        )
        tally.add("every journal adds up to 0", journals)
        tally.add("balance = fold(entries)", accounts)
        found = await audit(tx, Strongbox(folder, LEDGER))
        tally.add("the chain of entries is whole", journals, len(found.findings))
        assert found.findings == []
        stats = await overview.stats(tx, PROGRAMME)
        assert (await books.trial_balance(tx)).difference == 0
    assert (stats.issued, stats.growth_spend) == (Watched.issued, Watched.growth)
    gone = stats.burnt + stats.expired + stats.reversed
    assert stats.issued - gone == stats.outstanding
    assert min(stats.burnt, stats.expired, stats.outstanding, stats.owed) >= 0


async def test_the_books_survive_anything(
    stack: Stack, databases: Databases, clock: DrivenClock, tmp_path: Path
) -> None:
    await databases.migrate("points")
    tally = Tally()

    def play() -> None:
        with asyncio.Runner() as runner:
            db = Database(stack.service_dsn("points"), "points", clock, Ids(clock, "test"), 2)
            runner.run(db.start())
            Watched.watcher = runner.run(
                asyncpg.connect(
                    stack.service_dsn("points"), server_settings={"search_path": "points"}
                )
            )
            played = count()

            class Fresh(Books):
                def __init__(self) -> None:
                    if (number := next(played)) % EXAMPLES_A_DATABASE == 0:
                        if number:
                            runner.run(_look_at_everything(db, tally, tmp_path))
                        runner.run(databases.empty("points"))
                        Watched.catalogue, Watched.issued, Watched.growth = Catalogue(), 0, 0
                        runner.run(_prepare(db))
                    super().__init__()

            Watched.run, Watched.db = runner.run, db
            Watched.clock, Watched.tally = clock, tally
            run_state_machine_as_test(
                Fresh,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                ),
            )
            runner.run(_look_at_everything(db, tally, tmp_path))
            runner.run(Watched.watcher.close())
            runner.run(db.stop())

    with tally:
        await asyncio.to_thread(play)
