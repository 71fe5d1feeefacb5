"""Forking children from a process that has imported the libraries already."""

import asyncio
import os
import signal
from pathlib import Path

import psutil

from allinone.nursery import Nursery
from testkit import eventually
from testkit.processes import is_gone


async def test_a_child_is_a_process_of_its_own_with_its_own_log(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path / "nursery.log", "test", modules=["http.server"])
    log = tmp_path / "child.log"
    say = nursery.running("this", env={})
    child = await say(log)
    assert await asyncio.wait_for(child.wait(), 20) == 0
    assert "Beautiful is better than ugly." in log.read_text()
    assert is_gone(child.pid)

    serve = nursery.running("http.server", "--bind", "127.0.0.1", "0", env={"MARK": "here"})
    first, second = await asyncio.gather(serve(log), serve(log))
    assert first.pid != second.pid == os.getpgid(second.pid)
    first.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(first.wait(), 20) == -signal.SIGTERM
    assert second.returncode is None

    await nursery.stop()
    assert await asyncio.wait_for(second.wait(), 20) == -signal.SIGKILL
    await eventually(lambda: is_gone(second.pid))
    assert (tmp_path / "nursery.log").read_text() == ""


async def test_a_child_that_fails_leaves_its_traceback_in_its_log(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path / "nursery.log", "test", modules=["http.server"])
    child = await nursery.running("no_such_module", env={})(tmp_path / "child.log")
    assert await asyncio.wait_for(child.wait(), 20) == 1
    assert "No module named no_such_module" in (tmp_path / "child.log").read_text()
    await nursery.stop()


async def test_it_is_started_again_when_it_was_killed(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path / "nursery.log", "test", modules=["http.server"])
    serve = nursery.running("http.server", "--bind", "127.0.0.1", "0", env={})
    child = await serve(tmp_path / "child.log")
    os.kill(psutil.Process(child.pid).ppid(), signal.SIGKILL)
    assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
    await eventually(lambda: is_gone(child.pid))
    again = await serve(tmp_path / "child.log")
    assert again.returncode is None
    await nursery.stop()
