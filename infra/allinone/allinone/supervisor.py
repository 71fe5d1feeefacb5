"""Keeps child processes running: starts them, waits until they are ready, restarts what dies."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from allinone.spawning import Process, Spawn

_LOG_LIMIT = 32 * 1024 * 1024
_LOG_TAIL_LINES = 15
_PROBE_PERIOD = 0.05
_FIRST_TRIES = 3


class StartFailed(RuntimeError):
    """A child did not become ready; the message names it, its log and the log's last lines."""


async def _nothing() -> None:
    """The default preparation before a start."""


@dataclass(frozen=True)
class Program:
    """What to run and how to know that it is ready.

    `prepare` runs before every start (stale locks, orphans). `probe` answers whether it is ready;
    it must come back within about a second. Times are in seconds.
    """

    name: str
    spawn: Spawn
    probe: Callable[[], Awaitable[bool]]
    prepare: Callable[[], Awaitable[None]] = _nothing
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 15.0
    ready_within: float = 60.0


@dataclass(frozen=True)
class Backoff:
    """Pauses between restarts, in seconds; a child ready for `reset_after` starts afresh."""

    first: float = 0.1
    longest: float = 10.0
    reset_after: float = 10.0

    def next(self, pause: float, ready_for: float) -> float:
        """The next pause when the last one was `pause` (0: there was none yet)."""
        if pause == 0 or ready_for >= self.reset_after:
            return self.first
        return min(pause * 2, self.longest)


class Child:
    """One supervised program over all its restarts."""

    def __init__(self, program: Program, log: Path, backoff: Backoff) -> None:
        self.program = program
        self.log = log
        self.starts = 0
        self.ready = asyncio.Event()
        self.tell: Callable[[str], None] = lambda _: None
        self._backoff = backoff
        self._process: Process | None = None
        self._first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while it is down."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start it and come back when it is ready; raises StartFailed."""
        self._task = asyncio.create_task(self._keep_running(), name=f"keep {self.program.name}")
        within = self.program.ready_within
        try:
            async with asyncio.timeout(within):
                await self._first_ready
        except TimeoutError:
            raise self._failure(f"is not ready after {within:.0f} s") from None

    async def stop(self) -> None:
        """Ask it to end, then make it; nothing of its process group is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep_running(self) -> None:
        pause, tries = 0.0, 0
        while True:
            ready_for, ended = await self._run_once()
            tries += 1
            if tries == _FIRST_TRIES and not self._first_ready.done():
                self._first_ready.set_exception(self._failure(ended))
            pause = self._backoff.next(pause, ready_for)
            self.tell(f"{self.program.name} {ended}; starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def _run_once(self) -> tuple[float, str]:
        """One life of the process: for how many seconds it was ready, and how it ended."""
        try:
            await self.program.prepare()
            process = self._process = await self.program.spawn(self.log)
        except OSError as error:
            return 0.0, f"could not be started ({error})"
        self.starts += 1
        self.tell(f"{self.program.name} started, pid {process.pid}")
        probing = asyncio.create_task(self._probe_until_ready())
        try:
            await process.wait()
            ready_for = monotonic() - probing.result() if probing.done() else 0.0
            return ready_for, f"ended with code {process.returncode}"
        finally:
            probing.cancel()
            self.ready.clear()
            await self._end(process)

    async def answers(self) -> None:
        """Come back when it is up and its probe says that it is ready."""
        await self.ready.wait()
        await self._until_probed()

    async def _until_probed(self) -> None:
        while not await self.program.probe():  # noqa: ASYNC110 - asking is the only way to learn it
            await asyncio.sleep(_PROBE_PERIOD)

    async def _probe_until_ready(self) -> float:
        await self._until_probed()
        self.ready.set()
        if not self._first_ready.done():
            self._first_ready.set_result(None)
        return monotonic()

    async def _end(self, process: Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.program.stop_signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self.program.stop_within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def _failure(self, what: str) -> StartFailed:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        tail = "\n".join(f"  {line}" for line in text.splitlines()[-_LOG_TAIL_LINES:])
        return StartFailed(f"{self.program.name} {what}; the end of {self.log}:\n{tail}")


class Supervisor:
    """All children of one data directory.

    Their output goes to <logs>/<name>.log, starts and ends to <logs>/supervisor.log; `on_change`
    is called after each of those.
    """

    def __init__(self, logs: Path, backoff: Backoff | None = None) -> None:
        self._logs = logs
        self._backoff = backoff or Backoff()
        self._children: dict[str, Child] = {}
        self.on_change: Callable[[], None] = lambda: None

    def child(self, name: str) -> Child:
        """The child called `name`; raises KeyError."""
        return self._children[name]

    def pids(self) -> dict[str, int]:
        """Process ids of the children that run at this moment."""
        return {name: child.pid for name, child in self._children.items() if child.pid}

    async def start(self, *programs: Program) -> None:
        """Start `programs` side by side and come back when all are ready; raises StartFailed."""
        for program in programs:
            log = self._logs / f"{program.name}.log"
            _rotate(log)
            child = self._children[program.name] = Child(program, log, self._backoff)
            child.tell = self._told
        try:
            async with asyncio.TaskGroup() as group:
                for program in programs:
                    group.create_task(self._children[program.name].start())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def stop(self, *names: str) -> None:
        """Stop the named children side by side; those never started are skipped."""
        await asyncio.gather(*(self._children[n].stop() for n in names if n in self._children))

    async def all_answer(self) -> None:
        """Come back when every child is up and ready."""
        await asyncio.gather(*(child.answers() for child in self._children.values()))

    async def silent(self) -> list[str]:
        """Names of the children that are down or do not say that they are ready."""
        children = list(self._children.items())
        ready = await asyncio.gather(*(child.program.probe() for _, child in children))
        return [name for (name, _), answers in zip(children, ready, strict=True) if not answers]

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one child, as a fault would; it is restarted when it dies of it."""
        pid = self.child(name).pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _told(self, line: str) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):  # a full disk must not end the supervision
            with (self._logs / "supervisor.log").open("a", encoding="utf-8") as log:
                log.write(f"{moment} {line}\n")
            self.on_change()


def _rotate(log: Path) -> None:
    """Move a log of more than 32 MB aside, keeping one older file."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
