"""Processes of their own for tests: started, watched, run as another user."""

import asyncio
import json
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

Started = tuple[asyncio.subprocess.Process, dict[str, Any]]


def is_gone(pid: int) -> bool:
    """No such process, or only its entry waiting for a parent that does not collect it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def processes_using(folder: Path) -> list[psutil.Process]:
    """Living processes whose command line or working directory is inside `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join([*process.cmdline(), process.cwd()])
        except psutil.Error:
            continue
        if str(folder) in words and process.pid != os.getpid():
            found.append(process)
    return found


@asynccontextmanager
async def started(
    *command: str,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """A process and the JSON line it printed first; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield process, json.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def as_ordinary_user() -> Sequence[str]:
    """Words before a command that make it run as `nobody`.

    Where the interpreter lies in a folder that only root may enter, the command may pass (and
    only pass) closed folders; its user id is an ordinary one all the same.
    """
    setpriv = shutil.which("setpriv")
    assert setpriv is not None
    words = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
    interpreter = Path(sys.executable).resolve()
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in interpreter.parents):
        words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return words
