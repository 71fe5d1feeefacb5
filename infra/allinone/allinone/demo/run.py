"""`huiyuan demo`: boot, play the year, scan, report, and stay or leave."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from allinone.demo import dataset, display, progress, report, scan, scan_live
from allinone.demo.client import Api, Client
from allinone.demo.dataset import FIRST_DAY, Dataset
from allinone.demo.driver import Driver
from allinone.demo.households import Person, people
from allinone.demo.scan import Scanned, Scanner
from allinone.home import Home, read_json, write_atomically
from allinone.platform import Platform
from chassis.clock import DrivenClock, midnight
from contracts.roles import Role

SEED = "completejourney"
DIFFERENT, INTERRUPTED = 1, 130
People = Mapping[int, Person]


class NotADemo(RuntimeError):
    """The data directory holds a platform that is not the demo's."""


def run_demo(data_dir: Path, exit_after: bool, report_file: Path | None, port: int | None) -> int:
    """Play the year in `data_dir`, or go on with it, and report; the exit status.

    With `exit_after` it then stops, else it serves until Ctrl-C. 0: done; 1: a figure differs from
    the data set's or a personal value lies open; 130: interrupted, and the next run goes on there.
    Raises NotADemo for a directory with other data, and what `Platform` raises.
    """
    return asyncio.run(Demo(data_dir, report_file, port).run(stay=not exit_after))


class Demo:
    """One run of the demo in one data directory."""

    def __init__(self, data_dir: Path, report_file: Path | None, port: int | None) -> None:
        self._home = Home(data_dir)
        self._report_file, self._port = report_file, port
        self._console = Console()
        self._stored = progress.path_in(self._home.root)
        self._state = progress.Progress()
        self._status: int | None = None

    async def run(self, stay: bool) -> int:
        """Everything; the first Ctrl-C or SIGTERM ends it in order."""
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await self._run(stay)
        except asyncio.CancelledError:
            if self._status is None:
                self._console.print("\nInterrupted. The same command goes on where this one was.")
        return INTERRUPTED if self._status is None else self._status

    async def _run(self, stay: bool) -> None:
        self._claim()
        say = self._console.print
        started = monotonic()
        loading = asyncio.create_task(asyncio.to_thread(_load))
        async with Platform(
            self._home.root,
            dev=True,
            seed=SEED,
            port=self._port,
            on_progress=lambda line: say(f"[dim]{line}[/]"),
        ) as platform:
            data, crowd = await loading
            self._state.seconds["start"] = monotonic() - started
            credentials = read_json(self._home.clients_file)
            async with _api(platform, credentials) as api:
                await self._play(api, data, crowd, credentials["write_key"])
                await self._report(api, platform, data, crowd)
                self._farewell(platform)
                if stay:
                    await api.post("/dev/clock", {"advance_seconds": 0, "ticking": True})
                    say("Serving until Ctrl-C.")
                    await asyncio.Event().wait()

    def _claim(self) -> None:
        """Make the directory the demo's: its clock stands at the first midnight before it boots."""
        if not self._stored.exists():
            if self._home.state_file.exists():
                raise NotADemo(f"{self._home.root} holds other data; choose another --data-dir")
            self._home.prepare()
            DrivenClock(self._home.clock_file).move(midnight(FIRST_DAY), ticking=False)
            progress.save(self._stored, self._state)
        self._state = progress.load(self._stored)

    async def _play(self, api: Api, data: Dataset, crowd: People, write_key: str) -> None:
        driver = Driver(api, data, crowd, self._state, stored=self._stored, write_key=write_key)
        with display.YearProgress(self._console, data, self._state.finished) as bar:
            await driver.run(bar.tick)

    async def _report(self, api: Api, platform: Platform, data: Dataset, crowd: People) -> None:
        self._console.print("[dim]looking for personal values behind the gateway[/]")
        with self._phase("scan"):
            scanned = await _scan(platform, self._home, crowd)
        with self._phase("report"):
            figures = await report.gather(api, scanned)
        spent = {phase: round(seconds, 2) for phase, seconds in self._state.seconds.items()}
        figures["seconds"] = {**spent, "total": round(sum(spent.values()), 2)}
        progress.save(self._stored, self._state)
        self._console.print(display.report(figures, data.totals(), scanned))
        if self._report_file is not None:
            write_atomically(self._report_file.absolute(), figures, mode=0o644)
        checks = report.cross_check(figures, data.totals())
        same = all(ours == theirs for _, ours, theirs in checks)
        self._status = 0 if same and scanned.hits == 0 else DIFFERENT

    def _farewell(self, platform: Platform) -> None:
        """How to go on from here."""
        where = f" --data-dir {self._home.root}"
        self._console.print(
            f"URL    [bold]{platform.url}[/]  (OpenAPI at {platform.url}/openapi.json)\n"
            f"CA     {platform.ca_path}\n"
            f"token  huiyuan token{where} --role ROLE\n"
            f"       roles: {', '.join(role for role in Role if role is not Role.MEMBER)};\n"
            f"       a member's own: --role member --member ID\n"
            f"try    curl --cacert {platform.ca_path}"
            f' -H "Authorization: Bearer $(huiyuan token{where} --role analyst)"'
            f" {platform.url}/v1/points/stats",
            soft_wrap=True,
            highlight=False,
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        started = monotonic()
        yield
        self._state.seconds[name] = monotonic() - started


def _load() -> tuple[Dataset, People]:
    data = dataset.load()
    return data, people(data.household_ids())


def _api(platform: Platform, credentials: Mapping[str, Any]) -> Api:
    clients = {role: Client(**client) for role, client in credentials["clients"].items()}
    return Api(platform.url, platform.ca_path, clients, midnight(FIRST_DAY))


async def _scan(platform: Platform, home: Home, crowd: People) -> Scanned:
    """Tables first: that brings what PostgreSQL holds in memory into the files."""
    scanner = await asyncio.to_thread(Scanner, scan.secrets_of(crowd.values()))
    tables = await scan_live.scan_database(scanner, platform.admin_dsn)
    cache = await scan_live.scan_redis(scanner, platform.redis_url)
    return tables + cache + await asyncio.to_thread(scan.scan_files, scanner, home.root)
