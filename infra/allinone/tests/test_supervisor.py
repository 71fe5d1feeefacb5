"""Starting, restarting and ending children, with programs of a few lines."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from allinone.spawning import executing
from allinone.supervisor import Backoff, Program, StartFailed, Supervisor
from testkit import eventually
from testkit.processes import is_gone

# Says it is ready by making a file, once told to sleep for ever.
READY_THEN_SLEEP = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).touch(); signal.pause()"
QUICK = Backoff(first=0.01, longest=0.05, reset_after=60)


def _program(tmp_path: Path, name: str, code: str, **options: object) -> Program:
    mark = tmp_path / f"{name}.ready"

    async def probe() -> bool:
        return mark.exists()

    async def prepare() -> None:
        mark.unlink(missing_ok=True)

    spawn = executing(sys.executable, "-c", code, str(mark))
    return Program(name, spawn, probe=probe, prepare=prepare, **options)  # type: ignore[arg-type]


def test_pauses_double_up_to_the_longest_and_start_afresh_after_health() -> None:
    backoff, pause, pauses = Backoff(), 0.0, []
    for _ in range(9):
        pause = backoff.next(pause, ready_for=1.0)
        pauses.append(round(pause, 1))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert backoff.next(pause, ready_for=10.0) == 0.1


async def test_a_killed_child_comes_back(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, QUICK)
    await supervisor.start(_program(tmp_path, "one", READY_THEN_SLEEP))
    first = supervisor.child("one").pid
    assert first is not None
    supervisor.kill("one")
    await eventually(lambda: supervisor.child("one").pid not in (None, first))
    await supervisor.all_answer()
    await supervisor.stop("one")
    assert supervisor.pids() == {}
    assert "ended with code -9; starting it again" in (tmp_path / "supervisor.log").read_text()


async def test_a_child_that_never_gets_ready_is_reported_with_its_last_words(
    tmp_path: Path,
) -> None:
    supervisor = Supervisor(tmp_path, QUICK)
    with pytest.raises(StartFailed, match=r"bad ended with code 7(.|\n)*no such luck"):
        await supervisor.start(
            _program(tmp_path, "bad", "import sys; print('no such luck'); sys.exit(7)"),
            _program(tmp_path, "good", READY_THEN_SLEEP),
        )
    await supervisor.stop("bad", "good")
    assert supervisor.pids() == {}


async def test_a_slow_child_is_reported(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, QUICK)
    slow = _program(tmp_path, "slow", "import signal; signal.pause()", ready_within=0.3)
    with pytest.raises(StartFailed, match="slow is not ready after 0 s"):
        await supervisor.start(slow)
    await supervisor.stop("slow")


async def test_a_command_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    supervisor = Supervisor(tmp_path, QUICK)
    with pytest.raises(StartFailed, match="No such file"):
        await supervisor.start(Program("none", executing("/no/such/program"), probe=never))
    await supervisor.stop("none")


async def test_stopping_ends_the_whole_group_of_a_deaf_child(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(grandchild.pid))\n"
        "signal.pause()\n"
    )
    supervisor = Supervisor(tmp_path, QUICK)
    await supervisor.start(_program(tmp_path, "deaf", code, stop_within=0.2))
    grandchild = int(await eventually((tmp_path / "deaf.ready").read_text))
    child = supervisor.child("deaf").pid
    assert child is not None
    await supervisor.stop("deaf")
    assert is_gone(child)
    await eventually(lambda: is_gone(grandchild))


async def test_no_child_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from allinone.spawning import executing
from allinone.supervisor import Program, Supervisor

async def yes():
    return True

async def main():
    supervisor = Supervisor(Path({str(tmp_path)!r}))
    sleep = executing(sys.executable, "-c", "import signal; signal.pause()")
    await supervisor.start(Program("a", sleep, probe=yes), Program("b", sleep, probe=yes))
    print(*supervisor.pids().values(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    children = [int(word) for word in (await process.stdout.readline()).split()]
    assert len(children) == 2
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await eventually(lambda: all(map(is_gone, children)))


async def test_a_big_log_is_moved_aside(tmp_path: Path) -> None:
    with (tmp_path / "one.log").open("wb") as log:
        log.truncate(33 * 1024 * 1024)
    supervisor = Supervisor(tmp_path, QUICK)
    await supervisor.start(_program(tmp_path, "one", READY_THEN_SLEEP))
    await supervisor.stop("one")
    assert (tmp_path / "one.log.1").stat().st_size == 33 * 1024 * 1024
    assert (tmp_path / "one.log").stat().st_size == 0
