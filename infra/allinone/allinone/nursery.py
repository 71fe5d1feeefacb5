"""Services forked from one process that has imported what they share.

Five interpreters importing the same libraries take both cores for six seconds, and a crashed
service two more to come back. Forked, a service is up in half a second. Each is still a process of
its own, run by `chassis.serve` as anywhere else; nursery_main.py is the process they come from.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from allinone.spawning import Process, Spawn, launched

# What every service imports; nothing in them starts a thread or opens a connection on import.
SHARED = ("chassis.app", "chassis.web", "contracts.events", "sqlmodel", "uvicorn", "uvloop")


class Forked:
    """A service's process, known through the nursery that is its parent."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def ended(self, code: int) -> None:
        """The nursery has collected it."""
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int:
        """Come back with the return code when it has ended."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, signal: int, /) -> None:
        """Raises ProcessLookupError when it has ended."""
        os.kill(self.pid, signal)


class Nursery:
    """The forking process; started with the first child, and again if it should die.

    `log` gets its own output, `modules` are what it imports; `name` tells in a process list which
    platform it belongs to.
    """

    def __init__(self, log: Path, name: str, modules: Sequence[str] = SHARED) -> None:
        self._log, self._name, self._modules = log, name, modules
        self._process: asyncio.subprocess.Process | None = None
        self._children: dict[int, Forked] = {}
        self._answers: asyncio.Queue[int | None] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    def running(self, module: str, *arguments: str, env: Mapping[str, str]) -> Spawn:
        """A child that does what `python -m module arguments` would."""

        async def spawn(log_file: Path) -> Process:
            order = {"module": module, "arguments": arguments, "env": env, "log": str(log_file)}
            return await self._fork(order)

        return spawn

    async def start(self) -> None:
        """Have it import; the first child need not wait for that then. Raises OSError."""
        async with self._turn:
            await self._ensure()

    async def stop(self) -> None:
        """End it; its children, if any are left, die with it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening

    async def _fork(self, order: Mapping[str, Any]) -> Forked:
        async with self._turn:  # answers come in the order of the orders
            stdin = (await self._ensure()).stdin
            assert stdin is not None
            stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._answers.get()
        if pid is None:
            raise OSError(f"the process services are forked from has died, see {self._log}")
        return self._children[pid]

    async def _ensure(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._listening is not None:
            await self._listening
        with self._log.open("ab") as log:
            process = self._process = await asyncio.create_subprocess_exec(
                *launched(signal.SIGKILL, sys.executable, "-u", "-P"),
                *("-m", "allinone.nursery_main"),
                *(self._name, *self._modules),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._answers = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen(process))
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            if "started" in said:
                self._children[said["started"]] = Forked(said["started"])
                self._answers.put_nowait(said["started"])
            else:
                self._children.pop(said["ended"]).ended(said["code"])
        await process.wait()
        self._answers.put_nowait(None)
        for child in self._children.values():
            child.ended(-signal.SIGKILL)  # the kernel's doing, see launch.die_with
        self._children.clear()
