"""`huiyuan evaluate experiment`: what a campaign's measures say of any experiment's file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from allinone.home import write_atomically

evaluate_app = typer.Typer(help="What an experiment showed.", no_args_is_help=True)
_say = Console(stderr=True, highlight=False)


class Drawn(StrEnum):
    """Whether chance alone decided who got what."""

    YES = "yes"
    NO = "no"


@evaluate_app.callback()
def _group() -> None:
    """What an experiment showed."""


@evaluate_app.command("experiment")
def experiment(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet: unit, variant, outcome; if known, pre (the outcome before),"
            " at (when the unit came in) and any columns that describe the unit."
        ),
    ],
    *,
    report: Annotated[Path, typer.Option(help="Gets everything, as JSON.")],
    randomised: Annotated[Drawn, typer.Option(help="Whether chance alone decided who got what.")],
    looks: Annotated[
        int | None,
        typer.Option(min=1, max=200, help="How often it was looked at; `at` tells when."),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="The control's name, if it is not called so.")
    ] = None,
    shares: Annotated[
        str | None, typer.Option(help="Sizes by design, as control=1,mail=9. Default: equal.")
    ] = None,
) -> None:
    """Effect, interval, sample ratio, CUPED, bounds, Qini; a refusal where nothing was drawn."""
    from campaign_service.experiments.evaluating import evaluate  # noqa: PLC0415
    from campaign_service.experiments.reading import Unusable, read  # noqa: PLC0415

    with _say.status(f"reading {file.name}") as status:
        try:
            made = evaluate(
                read(file, control),
                randomised=randomised is Drawn.YES,
                times=looks,
                shares=_shares(shares),
                progress=status.update,
            )
            write_atomically(report, made, 0o644)
        except (Unusable, OSError) as error:
            _say.print(f"[red]✗[/] {error}", soft_wrap=True)
            raise typer.Exit(1) from None
    for en, zh in zip(made["words"]["en"], made["words"]["zh"], strict=True):
        _say.print(f"[green]·[/] {en}\n  {zh}", soft_wrap=True)
    _say.print(f"[green]✓[/] {made['units']:,} units: {report}", soft_wrap=True)


def _shares(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        found = {name.strip(): float(value) for name, value in map(_pair, text.split(","))}
    except ValueError:
        raise typer.BadParameter("write name=number, name=number", param_hint="--shares") from None
    if min(found.values()) <= 0:
        raise typer.BadParameter("shares are above 0", param_hint="--shares")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.rpartition("=")
    if not sign:
        raise ValueError(text)
    return name, value
