"""`huiyuan edge`: stores that collect while their link is cut."""

import asyncio
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from allinone.home import DEFAULT_HOME, Home, write_atomically

DEFAULT_LINK = "tls://localhost:7422"
edge_app = typer.Typer(help="Stores that collect while their link is cut.", no_args_is_help=True)
_say = Console(stderr=True, highlight=False)

DataDir = Annotated[Path, typer.Option(help="The centre's data directory.")]
Store = Annotated[str, typer.Argument(help="The store's id.")]


@edge_app.command()
def add(
    store: Store,
    *,
    write_key: Annotated[list[str], typer.Option(help="A write key that tills may use there.")],
    out: Annotated[Path, typer.Option(help="Gets what the store needs; keep it private.")],
    link: Annotated[str, typer.Option(help="Where the store reaches the centre.")] = DEFAULT_LINK,
    ca: Annotated[
        Path | None, typer.Option(help="PEM of whom the store believes that. Default: our own CA.")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(help="host:port of this machine that stores link to.")
    ] = None,
    data_dir: DataDir = DEFAULT_HOME,
) -> None:
    """Add a store, at the centre. The next `huiyuan up` lets it link."""
    from allinone.edge import enrolment  # noqa: PLC0415
    from allinone.tls import ensure_certificates  # noqa: PLC0415

    home = Home(data_dir).prepare()
    try:
        if listen is not None:
            enrolment.listen(home, listen)
        trusted = ca or ensure_certificates(home.tls).ca
        made = enrolment.add(home, store, write_key, link, trusted.read_text())
    except (enrolment.NotEnrolled, OSError) as error:
        _fail(error)
    write_atomically(out.absolute(), enrolment.as_json(made))
    _say.print(f"[green]✓[/] {store}: bring {out} there, then `huiyuan edge up {out}`")


@edge_app.command()
def remove(store: Store, data_dir: DataDir = DEFAULT_HOME) -> None:
    """Let a store link no more, from the next start on. What it still keeps is lost."""
    from allinone.edge import enrolment  # noqa: PLC0415

    try:
        enrolment.remove(Home(data_dir), store)
    except enrolment.NotEnrolled as error:
        _fail(error)
    _say.print(f"[green]✓[/] {store} is removed")


@edge_app.command()
def up(
    file: Annotated[Path, typer.Argument(help="What `huiyuan edge add` wrote.")],
    data_dir: Annotated[Path, typer.Option(help="Where the store keeps.")] = Path(".huiyuan-edge"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default 8444.")] = None,
    limit_mb: Annotated[
        int, typer.Option(min=1, help="What the store keeps at most; beyond it, tills get 429.")
    ] = 4096,
) -> None:
    """Collect in a store until Ctrl-C."""
    from allinone.cli import finish  # noqa: PLC0415 - it imports this

    finish(_up(file, data_dir, port, limit_mb * 1024**2))


async def _up(file: Path, data_dir: Path, port: int | None, limit: int) -> None:
    from allinone.edge.enrolment import NotEnrolled  # noqa: PLC0415
    from allinone.edge.run import StoreEdge  # noqa: PLC0415

    try:
        async with StoreEdge(data_dir, file, port=port, limit=limit) as edge:
            _say.print(f"URL    [bold]{edge.url}[/]", soft_wrap=True)
            _say.print(f"CA     {edge.ca_path}", soft_wrap=True)
            _say.print(f"what the centre has not taken yet: {edge.url}/readyz; Ctrl-C stops it.")
            await asyncio.Event().wait()
    except NotEnrolled as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    _say.print(f"[red]✗[/] {error}", soft_wrap=True)
    raise typer.Exit(1)
