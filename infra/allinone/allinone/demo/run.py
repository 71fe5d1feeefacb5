"""`huiyuan demo`: boot, play the year, scan, report, and stay or leave."""

from __future__ import annotations

import asyncio
import signal
from datetime import date
from pathlib import Path

from rich.console import Console

from allinone.demo import display, report
from allinone.demo.dataset import LAST_DAY
from allinone.demo.stage import NotADemo, Stage, staged
from allinone.home import write_atomically
from contracts.roles import Role

__all__ = ["NotADemo", "run_demo"]

DIFFERENT, INTERRUPTED = 1, 130


def run_demo(
    data_dir: Path,
    exit_after: bool,
    report_file: Path | None,
    port: int | None,
    until: date = LAST_DAY,
) -> int:
    """Play the year in `data_dir`, or go on with it, and report; the exit status.

    `until`: its first days only. With `exit_after` it then stops, else it serves until Ctrl-C. 0:
    done; 1: a figure differs from the data set's, an invariant of campaigns is violated, a planted
    effect is outside its interval, a personal value lies open, or the ledger is not as it was
    booked; 130: interrupted, and the next run goes on there. Raises NotADemo for a
    directory with other data, and what `Platform` raises.
    """
    demo = Demo(report_file, Console(), until)
    return asyncio.run(demo.run(data_dir, port, stay=not exit_after))


class Demo:
    """One run of the demo, as a person sees it."""

    def __init__(self, report_file: Path | None, console: Console, until: date) -> None:
        self._report_file, self._console, self._until = report_file, console, until
        self._status = INTERRUPTED

    async def run(self, data_dir: Path, port: int | None, *, stay: bool) -> int:
        """Everything. Ctrl-C and SIGTERM end it in order."""
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            async with staged(data_dir, port, self._say, until=self._until) as stage:
                with display.YearProgress(self._console, stage.data, stage.state.finished) as bar:
                    await stage.play(bar.tick, self._until)
                await self._report(stage)
                if stay:
                    await self._serve(stage)
        except asyncio.CancelledError:
            if self._status == INTERRUPTED:
                self._say("Interrupted. The same command goes on where this one was.")
        return self._status

    def _say(self, line: str) -> None:
        self._console.print(f"[dim]{line}[/]", soft_wrap=True, highlight=False)

    async def _report(self, stage: Stage) -> None:
        self._say("looking for personal values behind the gateway")
        scanned = await stage.scan()
        self._say("reading the ledger entry by entry")
        audited = await stage.audit()
        figures = await stage.figures(scanned, audited)
        totals = stage.data.totals()
        self._console.print(display.report(figures, totals, scanned))
        if self._report_file is not None:
            write_atomically(self._report_file.absolute(), figures, mode=0o644)
        wrong = report.wrong(figures, totals)
        for each in wrong:
            self._console.print(f"[bold red]✗ {each}[/]")
        self._status = 0 if scanned.clean and audited.clean and not wrong else DIFFERENT

    async def _serve(self, stage: Stage) -> None:
        await stage.api.post("/dev/clock", {"advance_seconds": 0, "ticking": True})
        url, ca = stage.platform.url, stage.platform.ca_path
        token = f"huiyuan token --data-dir {stage.home.root} --role"
        roles = ", ".join(role for role in Role if role is not Role.MEMBER)
        self._console.print(
            f"URL    [bold]{url}[/] (OpenAPI: {url}/openapi.json)\n"
            f"CA     {ca}\n"
            f"token  {token} ROLE\n"
            f"       roles: {roles};\n"
            f"       for a member's own: {token} member --member ID\n"
            f'try    curl --cacert {ca} -H "Authorization: Bearer $({token} analyst)"'
            f" {url}/v1/points/stats\n\n"
            "Serving until Ctrl-C.",
            soft_wrap=True,
            highlight=False,
        )
        await asyncio.Event().wait()
