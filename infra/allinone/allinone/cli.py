"""`huiyuan`: one command for everything. What a command needs is imported when it runs."""

import asyncio
import importlib.util
import os
import signal
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from allinone.edge.cli import edge_app
from allinone.evaluation import evaluate_app
from allinone.file_import import import_file
from allinone.home import DEFAULT_HOME, Home, InUse, write_atomically
from allinone.ports import PortTaken
from allinone.supervisor import StartFailed
from allinone.tokens import NoToken, fetch
from contracts.roles import Role

BENCHES = (
    "collect", "ledger", "gateway", "checkout", "coupons", "profile", "resolve", "segments",
    "identify", "import", "trigger", "decide",
)  # fmt: skip
MODELS = ("clv", "churn", "recommend")
_WORKSPACE = Path(__file__).resolve().parents[3]

app = typer.Typer(
    help="The huiyuan platform: five services and their servers, on one machine.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they would show passwords
)
ledger_app = typer.Typer(help="The books: audit them, check a receipt.", no_args_is_help=True)
app.add_typer(ledger_app, name="ledger")
audit_app = typer.Typer(help="Who saw, changed or was refused what.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
doctor_app = typer.Typer(invoke_without_command=True)
app.add_typer(doctor_app, name="doctor")
app.add_typer(evaluate_app, name="evaluate")
app.command("import")(import_file)
app.add_typer(edge_app, name="edge")
_say = Console(stderr=True, highlight=False)

DataDir = Annotated[Path, typer.Option(help="Where everything is kept.")]
Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Public port. Default 8443, or a free one.")
]


@app.command()
def up(
    dev: Annotated[bool, typer.Option("--dev", help="Driven clock, /dev routes, tokens.")] = False,
    data_dir: DataDir = DEFAULT_HOME,
    port: Port = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Gets {url, ca, pid} as JSON when everything is ready.")
    ] = None,
) -> None:
    """Start everything and serve until Ctrl-C. Servers of HUIYUAN_*_URL are used where set."""
    finish(_up(data_dir, dev, port, ready_file))


@app.command()
def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="Stop after the report.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the report there as JSON.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day of 2017 only.")
    ] = None,
    data_dir: DataDir = DEFAULT_HOME,
    port: Port = None,
) -> None:
    """Play a year of real shopping through the platform and report."""
    from allinone.demo.dataset import LAST_DAY  # noqa: PLC0415
    from allinone.demo.run import run_demo  # noqa: PLC0415
    from allinone.demo.stage import NotADemo  # noqa: PLC0415

    try:
        day = until.date() if until else LAST_DAY
        status = run_demo(data_dir, exit_after, report, port, day)
    except (InUse, PortTaken, StartFailed, NotADemo) as error:
        _fail(error)
    raise typer.Exit(status)


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="Whose token.")],
    member: Annotated[str | None, typer.Option(help="Member id, for role member.")] = None,
    store: Annotated[str | None, typer.Option(help="Store that a till or a guide is in.")] = None,
    stepped_up: Annotated[
        bool, typer.Option("--stepped-up", help="As if a second factor had been shown.")
    ] = False,
    data_dir: DataDir = DEFAULT_HOME,
) -> None:
    """Print an access token for development, and nothing else."""
    try:
        wanted = fetch(Home(data_dir), role, member, store=store, stepped_up=stepped_up)
        typer.echo(asyncio.run(wanted))
    except NoToken as error:
        _fail(error)


@app.command()
def migrate(data_dir: DataDir = DEFAULT_HOME) -> None:
    """Bring every schema up to date: in HUIYUAN_DATABASE_URL, or in the embedded database."""
    from allinone.platform import migrate_only  # noqa: PLC0415

    finish(migrate_only(Home(data_dir), lambda line: _say.print(f"[green]✓[/] {line}")))


@doctor_app.callback()
def doctor(context: typer.Context, data_dir: DataDir = DEFAULT_HOME) -> None:
    """Look at everything the platform needs; say what to do about what is missing."""
    if context.invoked_subcommand:
        return
    from allinone.doctor import examine, show  # noqa: PLC0415

    findings = asyncio.run(examine(Home(data_dir)))
    Console(highlight=False).print(show(findings))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@doctor_app.command("pii")
def doctor_pii(
    values: Annotated[
        str, typer.Option(help="Personal values: a file, one a line or `kind,value`; - is stdin.")
    ],
    data_dir: Annotated[
        Path | None, typer.Option("--data", "--data-dir", help="A platform's data directory.")
    ] = None,
    path: Annotated[
        list[Path] | None, typer.Option(help="A dump or folder to look into besides.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write findings there.")] = None,
    short: Annotated[
        bool, typer.Option("--short", help="Names of two characters, too: a hit may be chance.")
    ] = False,
) -> None:
    """Look for personal values that lie open: data directory, tables, streams, Redis, logs, dumps.

    Says place, kind, form and count, never a value. Status 1 if any was found.
    """
    from allinone.pii import look as pii  # noqa: PLC0415
    from allinone.pii.values import NoValues  # noqa: PLC0415

    paths = [each.resolve() for each in path or ()]
    home = Home(data_dir or DEFAULT_HOME) if data_dir or not paths else None
    listed = frozenset({Path(values).resolve()})
    try:
        done = pii.run(values, pii.Where(home, paths, listed), _say, short=short)
    except (NoValues, FileNotFoundError) as error:
        raise typer.BadParameter(str(error)) from None
    Console(highlight=False, soft_wrap=True).print(pii.show(done))
    if json_file is not None:
        write_atomically(json_file.absolute(), done.as_json(), mode=0o644)
    raise typer.Exit(1 if done.scanned.hits else 0)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(BENCHES)}.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write figures there.")] = None,
    stored: Annotated[int, typer.Option(help="collect: events that are there before.")] = 0,
) -> None:
    """Measure one figure beside its floor."""
    if name not in BENCHES:
        _fail(f"no benchmark {name}; there are {', '.join(BENCHES)}")
    file = "imports" if name == "import" else name  # a module cannot be called import
    script = _WORKSPACE / "tests" / "load" / f"{file}.py"
    spec = importlib.util.spec_from_file_location(f"load_{name}", script)
    if not script.exists() or spec is None or spec.loader is None:
        _fail(f"{script} is missing; benchmarks need a checkout of the repository")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    more = {"stored": stored} if stored else {}
    raise typer.Exit(int(module.main(json_file, **more)))


@app.command()
def resolve(
    register: Annotated[Path, typer.Argument(help="CSV in UTF-8, a record a row.")],
    out: Annotated[Path, typer.Option(help="Gets `rid,cluster`.")],
) -> None:
    """Say which records of a register are one person's. Nothing has to run."""
    from allinone.resolve import Unreadable, resolve_file  # noqa: PLC0415

    with _say.status("starting") as status:
        try:
            found = resolve_file(register, out, status.update)
        except Unreadable as error:
            _fail(error)
    _say.print(f"[dim]·[/] read: {', '.join(found.read)}", soft_wrap=True)
    if found.ignored:
        _say.print(f"[dim]·[/] not looked at: {', '.join(found.ignored)}", soft_wrap=True)
    _say.print(f"[green]✓[/] {found.records:,} records of {found.clusters:,} people: {out}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(MODELS)}.")],
    *,
    transactions: Annotated[
        Path | None,
        typer.Option(
            help="Parquet or CSV: member, order_no, at, sku, quantity, amount_fen, store."
            " Left out: what the running platform knows."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Nothing of that day or later is looked at."),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Gets what is predicted, as CSV.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Gets figures and plots, as JSON.")] = None,
    products: Annotated[
        Path | None, typer.Option(help="Parquet or CSV: sku and attributes; stock, if known.")
    ] = None,
    horizon_days: Annotated[
        int | None, typer.Option(min=1, max=730, help="Days to look ahead: 92 for clv, else 30.")
    ] = None,
    data_dir: DataDir = DEFAULT_HOME,
) -> None:
    """Train a model on a shop's file or on the platform's data, and judge it on the past."""
    from allinone import training  # noqa: PLC0415

    if name not in MODELS:
        _fail(f"no model {name}; there are {', '.join(MODELS)}")
    day = as_of.date() if as_of else None
    with _say.status(f"training {name}") as status:

        def say(line: str) -> None:
            status.update(f"{name}: {line}")

        try:
            if transactions is None:
                wanted = training.train_here(Home(data_dir), name, day, horizon_days, say)
                lines = asyncio.run(wanted)
            elif day and predictions and report:
                files = training.Files(transactions, products, predictions, report)
                lines = training.train_file(name, files, day, horizon_days, say)
            else:
                _fail("a file needs --as-of, --predictions and --report, too")
        except (training.NotTrained, NoToken, OSError) as error:
            _fail(error)
    _say.print(f"[green]✓[/] {name}: {lines[0]}", soft_wrap=True)
    for line in lines[1:]:
        _say.print(f"  {line}", soft_wrap=True)


@ledger_app.command("verify")
def verify_ledger(data_dir: DataDir = DEFAULT_HOME) -> None:
    """Read the whole ledger and find every edit, deletion, insertion, reorder and truncation."""
    _verify("ledger", data_dir)


@audit_app.command("verify")
def verify_audit(data_dir: DataDir = DEFAULT_HOME) -> None:
    """Read the whole audit and find every edit, deletion, insertion, reorder and truncation."""
    _verify("audit", data_dir)


def _verify(name: str, data_dir: Path) -> None:
    from allinone import books  # noqa: PLC0415

    verify = {"ledger": books.verify_ledger, "audit": books.verify_audit}[name]
    with _say.status(f"reading the {name}") as status:
        try:
            found = asyncio.run(
                verify(Home(data_dir), lambda entries: status.update(f"{entries:,} entries read"))
            )
        except (InUse, StartFailed, books.Unreadable) as error:
            _fail(error)
    for finding in found.findings:
        _say.print(f"[red]✗[/] {finding}", soft_wrap=True)
    read = f"{found.entries:,} entries under {found.checkpoints:,} checkpoints"
    if not found.clean:
        _fail(f"{read}: the {name} is not as it was written; keep the data, restore from a backup")
    _say.print(f"[green]✓[/] {read}: as it was written")


@ledger_app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="A receipt, as .../proof answers it.")],
    key: Annotated[
        str | None, typer.Option(help="The ledger's public key (hexadecimal), or a file with it.")
    ] = None,
    data_dir: DataDir = DEFAULT_HOME,
) -> None:
    """Check without a database that an entry is in the ledger and was not changed."""
    from allinone.books import Unreadable, check  # noqa: PLC0415

    try:
        receipt, wrong = check(file, key or str(Home(data_dir).ledger / "public.key"))
    except Unreadable as error:
        _fail(error)
    for objection in wrong:
        _say.print(f"[red]✗[/] {objection}", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)
    entry, made = receipt.entry, receipt.checkpoint
    _say.print(
        f"[green]✓[/] entry {entry.entry_id} ({entry.journal_kind} {entry.amount:+d}, posted"
        f" {entry.posted_at.isoformat()}) is under checkpoint {made.checkpoint_id} of"
        f" {made.at.isoformat()}",
        soft_wrap=True,
    )


async def _up(data_dir: Path, dev: bool, port: int | None, ready_file: Path | None) -> None:
    from allinone.platform import Platform  # noqa: PLC0415

    def progress(line: str) -> None:
        _say.print(f"[dim]·[/] {line}")

    async with Platform(data_dir, dev=dev, port=port, on_progress=progress) as platform:
        _say.print(f"URL    [bold]{platform.url}[/]", soft_wrap=True)
        _say.print(f"CA     {platform.ca_path}", soft_wrap=True)
        if dev:
            where = "" if data_dir == DEFAULT_HOME else f" --data-dir {data_dir}"
            _say.print(f"token  huiyuan token{where} --role ROLE", soft_wrap=True)
            _say.print(f"       roles: {', '.join(role for role in Role if role != Role.MEMBER)};")
            _say.print("       a member's own: --role member --member ID")
        if ready_file is not None:
            ready = {"url": platform.url, "ca": str(platform.ca_path), "pid": os.getpid()}
            write_atomically(ready_file, ready, mode=0o644)
        _say.print("Ctrl-C stops it.")
        await asyncio.Event().wait()


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it is done or Ctrl-C, SIGTERM or a closed terminal ends it in order."""

    async def cancellable() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await work
        except asyncio.CancelledError:
            _say.print("stopped")

    try:
        asyncio.run(cancellable())
    except (InUse, PortTaken, StartFailed) as error:
        _fail(error)
    except PermissionError as error:
        _fail(f"{error.filename} belongs to another user; see `huiyuan doctor`")


def _fail(message: object) -> NoReturn:
    """Say what is wrong and end with status 1."""
    _say.print(f"[red]✗[/] {message}", soft_wrap=True)
    raise typer.Exit(1)
