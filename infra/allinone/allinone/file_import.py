"""The command `huiyuan import`; what it needs is imported when it runs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from allinone.home import DEFAULT_HOME, Home
from allinone.tokens import NoToken

_say = Console(stderr=True, highlight=False)


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: UTF-8, UTF-16 or GB18030.", exists=True)],
    kind: Annotated[str, typer.Option(help="members, orders, refunds, stock or enrichment.")],
    *,
    source: Annotated[str, typer.Option(help="The system the file comes from.")] = "file",
    mapping: Annotated[
        list[str] | None, typer.Option(help="HEADING=FIELD, where it is not recognised.")
    ] = None,
    default: Annotated[
        list[str] | None, typer.Option(help="FIELD=VALUE, where a column is missing or empty.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is seen.")] = False,
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept.")] = DEFAULT_HOME,
) -> None:
    """Take a file into the running platform; the same file again takes nothing in twice."""
    from allinone import importing  # noqa: PLC0415

    bar = Progress(*Progress.get_default_columns(), TextColumn("{task.fields[line]}"), console=_say)
    try:
        wish = importing.Wish(
            file, kind, source, importing.pairs(mapping or []), importing.pairs(default or [])
        )
        with bar:
            task = bar.add_task(file.name, total=None, line="")

            def seen(job: Mapping[str, Any]) -> None:
                done = {"total": job["rows"], "completed": job["rows_done"]} if job["rows"] else {}
                bar.update(task, line=importing.line_of(job), **done)

            home = Home(data_dir)
            made = asyncio.run(importing.import_here(home, wish, None if dry_run else seen))
    except (importing.NotImported, NoToken, OSError) as error:
        _say.print(f"[red]✗[/] {error}", soft_wrap=True)
        raise typer.Exit(1) from None
    if dry_run:
        Console(highlight=False).print(importing.table_of(made))
        return
    _say.print(f"[green]✓[/] {importing.line_of(made)}", soft_wrap=True)
    if made["quarantined"]:
        _say.print("[dim]·[/] what is wrong with the others: GET /v1/quarantine", soft_wrap=True)
