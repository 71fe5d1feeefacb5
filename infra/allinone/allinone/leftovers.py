"""Children a killed supervisor may have left, told by process id and start time."""

import contextlib
from collections.abc import Mapping
from typing import Any

import psutil

_END_WITHIN = 5.0


def remembered(pids: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """What tells these processes from later ones with the same ids, by name."""
    known = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            known[name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
    return known


def end(children: Mapping[str, Mapping[str, Any]]) -> None:
    """End those of `children` (as `remembered`) that still run; SIGKILL after five seconds.

    Linux ends them by itself when the supervisor dies; this covers systems that do not.
    """
    running = []
    for child in children.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(child["pid"]))
            same = process.create_time() == child["started"]
            if same and process.status() != psutil.STATUS_ZOMBIE:
                process.terminate()
                running.append(process)
    for process in psutil.wait_procs(running, timeout=_END_WITHIN)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
