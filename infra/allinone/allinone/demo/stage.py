"""Everything the demo needs at hand: the running platform, a client, the data, and the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic

from allinone import books
from allinone.demo import dataset, invariants, plant, progress, report
from allinone.demo.client import Api, Client
from allinone.demo.dataset import FIRST_DAY, LAST_DAY, Dataset
from allinone.demo.driver import Driver
from allinone.demo.households import Person, people, secrets_of
from allinone.demo.progress import Progress
from allinone.demo.report import Figures
from allinone.home import Home, read_json
from allinone.pii.files import scan_files
from allinone.pii.live import scan_database, scan_redis
from allinone.pii.scanner import Scanned, Scanner
from allinone.platform import Platform
from chassis.clock import DrivenClock, midnight
from chassis.evidence.walk import Audit

SEED = "completejourney"


class NotADemo(RuntimeError):
    """The data directory holds a platform that is not the demo's."""


@dataclass(frozen=True)
class Stage:
    """A demo under way in one data directory."""

    home: Home
    platform: Platform
    api: Api
    data: Dataset
    people: Mapping[int, Person]
    state: Progress
    write_key: str

    async def play(
        self, on_day: Callable[[date], None] = lambda _: None, until: date = LAST_DAY
    ) -> None:
        """Play what is left of the year; `on_day` hears of every day that is over."""
        stored = progress.path_in(self.home.root)
        driver = Driver(
            self.api, self.data, self.people, self.state, stored=stored, write_key=self.write_key
        )
        await driver.run(on_day, until)

    async def scan(self) -> Scanned:
        """Look for personal values. Tables first: that writes what PostgreSQL holds in memory."""
        started = monotonic()
        secrets = secrets_of(self.people.values())
        scanner = await asyncio.to_thread(Scanner, secrets)
        tables = await scan_database(scanner, self.platform.admin_dsn)
        cache = await scan_redis(scanner, self.platform.redis_url)
        files = await asyncio.to_thread(scan_files, scanner, self.home.root)
        self.state.seconds["scan"] = monotonic() - started
        return tables + cache + files

    async def audit(self) -> Audit:
        """Sign what is not signed yet, then read the whole ledger and check it."""
        started = monotonic()
        await self.api.send("POST", "/v1/ledger/checkpoints", b"", role="compliance")
        audited = await books.verify_ledger(self.home)
        self.state.seconds["audit"] = monotonic() - started
        return audited

    async def figures(self, scanned: Scanned, audited: Audit) -> Figures:
        """The whole report."""
        started = monotonic()
        left = progress.read_left(progress.left_in(self.home.root))
        found = await invariants.counted(self.platform.admin_dsn, left)
        figures = await report.gather(self.api, scanned, audited, self.state.planted, found)
        self.state.seconds["report"] = monotonic() - started
        spent = {phase: round(seconds, 2) for phase, seconds in self.state.seconds.items()}
        figures["seconds"] = {**spent, "total": round(sum(spent.values()), 2)}
        progress.save(progress.path_in(self.home.root), self.state)
        return figures


@asynccontextmanager
async def staged(
    data_dir: Path,
    port: int | None = None,
    say: Callable[[str], None] = lambda _: None,
    *,
    durable: bool = True,
    every: int = 1,
    until: date = LAST_DAY,
) -> AsyncIterator[Stage]:
    """Boot the platform in `data_dir` and read the data set meanwhile.

    `durable=False` and `every` (n-th household only) make tests fast. `until`: the data set's last
    day that is looked at. Raises NotADemo for a
    directory with other data, and what `Platform` raises.
    """
    started = monotonic()
    home = Home(data_dir)
    state = _claim(home)
    loading = asyncio.create_task(asyncio.to_thread(_load, every, until))
    async with Platform(
        home.root, dev=True, seed=SEED, port=port, on_progress=say, durable=durable
    ) as platform:
        data, crowd = await loading
        credentials = read_json(home.clients_file)
        clients = {role: Client(**client) for role, client in credentials["clients"].items()}
        state.seconds["start"] = monotonic() - started
        async with Api(platform.url, platform.ca_path, clients, midnight(FIRST_DAY)) as api:
            write_key = credentials["write_keys"]["demo"]
            yield Stage(home, platform, api, data, crowd, state, write_key)


def _claim(home: Home) -> Progress:
    """Make the directory the demo's: its clock stands at the first midnight before it boots."""
    stored = progress.path_in(home.root)
    if not stored.exists():
        if home.state_file.exists():
            raise NotADemo(f"{home.root} holds other data; choose another --data-dir")
        home.prepare()
        DrivenClock(home.clock_file).move(midnight(FIRST_DAY), ticking=False)
        progress.save(stored, Progress())
    return progress.load(stored)


def _load(every: int, until: date) -> tuple[Dataset, Mapping[int, Person]]:
    data = dataset.load(every).until(until)
    return data, people([*data.household_ids(), *plant.numbers(every)])
