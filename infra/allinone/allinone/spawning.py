"""Ways to start a child: what the supervisor needs to know of a process, and the plain way."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

_LAUNCHER = Path(__file__).with_name("launch.py")


class Process(Protocol):
    """A running or ended child; `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's too."""

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal that ended it."""

    async def wait(self) -> int:
        """Come back with the return code when it has ended."""

    def send_signal(self, signal: int, /) -> None:
        """Raises ProcessLookupError when it has ended."""


# Starts a child that writes to the log file given; raises OSError.
Spawn = Callable[[Path], Awaitable[Process]]


def launched(death_signal: signal.Signals, *command: str, user: str | None = None) -> list[str]:
    """`command` with the words before it that tie its life to ours (see launch.py)."""
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(int(death_signal))]
    return [*launcher, str(os.getpid()), user or "-", *command]


def executing(
    *command: str,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Spawn:
    """Run a command, as system user `user` if given, that gets `death_signal` when we die."""

    async def spawn(log_file: Path) -> Process:
        with log_file.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *launched(death_signal, *command, user=user),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor alone
            )

    return spawn
