"""What a person sees: progress while the year is played, and the report as tables."""

from __future__ import annotations

from datetime import date
from typing import Self

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from allinone.demo.dataset import Dataset, Totals
from allinone.demo.report import Figures, cross_check
from allinone.pii.scanner import Scanned

TIER_NAMES = {
    "regular": "普通 regular",
    "silver": "银卡 silver",
    "gold": "金卡 gold",
    "diamond": "钻石 diamond",
}
BAR = 20


class YearProgress:
    """`with YearProgress(...) as bar:` a bar over the year's orders: day, orders a second, time."""

    def __init__(self, console: Console, data: Dataset, finished: date | None) -> None:
        days = data.baskets.group_by("day").len().rows()
        self._orders: dict[date, int] = dict(days)
        done = sum(count for day, count in days if finished and day <= finished)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("orders {task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=console,
        )
        total = data.baskets.height
        self._task = self._bar.add_task("opening the shop", total=total, completed=done, rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tick(self, day: date) -> None:
        """A day is over."""
        speed = self._bar.tasks[self._task].speed
        self._bar.update(
            self._task,
            advance=self._orders.get(day, 0),
            description=f"[bold]{day}[/]",
            rate=f"· {speed:,.0f}/s" if speed else "",
        )


def report(figures: Figures, totals: Totals, scanned: Scanned) -> RenderableType:
    """The whole report; `totals` are the data set's own figures, for comparison."""
    return Group(
        Text(),
        _headline(figures),
        Columns([_points(figures), _tiers(figures), _bands(figures)], padding=(0, 3)),
        Columns([_movements(figures), _coupons(figures), _books(figures)], padding=(0, 3)),
        Columns([_terciles(figures), _tags(figures)], padding=(0, 3)),
        Columns([_lifecycle(figures), _segments(figures)], padding=(0, 3)),
        _models(figures),
        _consents(figures),
        _campaigns(figures),
        _invariants(figures),
        Columns([_cross_check(figures, totals), _seconds(figures)], padding=(0, 3)),
        _privacy(scanned),
    )


def _headline(figures: Figures) -> RenderableType:
    lines = Text.assemble(
        (f"{figures['members_before_merge']:,}", "bold"),
        " registrations became ",
        (f"{figures['members']:,} members", "bold green"),
        f" who own {figures['identifiers']:,} identifiers\n",
        (f"{figures['orders']:,} orders", "bold"),
        f" · {figures['lines']:,} lines · ",
        (f"¥{_yuan(figures['paid_fen'])}", "bold green"),
        " paid",
    )
    return Panel(lines, title="会员一年 · a year of members", box=box.HEAVY, expand=False)


def _models(figures: Figures) -> RenderableType:
    """What each part of a model was worth on the last horizon before the day it was trained."""
    table = _table("模型 models, on held-out shopping", "model", "part", "figures", left=3)
    for name, model in figures["models"].items():
        for part, values in model["figures"].items():
            mark = " ✓" if part == model["champion"] else ""
            shown = " · ".join(f"{key} {_figure(key, value)}" for key, value in values.items())
            table.add_row(name, part + mark, shown)
    return table if figures["models"] else Text()


def _figure(key: str, value: float) -> str:
    return f"¥{value / 100:,.2f}" if key == "mae" else f"{value:.3f}"


def _table(title: str, *columns: str, left: int = 1) -> Table:
    """A table whose first `left` columns are text and whose others are numbers."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold cyan")
    for number, column in enumerate(columns):
        text = number < left or not column  # a bar has no name
        table.add_column(column, justify="left" if text else "right")
    return table


def _bar(share: float) -> Text:
    return Text("█" * round(share * BAR), style="cyan")


def _points(figures: Figures) -> Table:
    points = figures["points"]
    names = {"issued": "发放", "burnt": "核销", "expired": "过期", "depreciated": "其中折损"}
    table = _table("积分 points", "", "points")
    for key, name in names.items():
        table.add_row(f"{name} {key}", f"{points[key]:,}")
    table.add_row("在外 outstanding", f"[bold]{points['outstanding']:,}[/]")
    table.add_row("消费成长值 growth from spend", f"{figures['growth_spend']:,}")
    balance = figures["trial_balance"]
    style = "bold green" if balance == 0 else "bold red"
    table.add_row("试算差额 trial balance", f"[{style}]{balance:,}[/]")
    return table


def _tiers(figures: Figures) -> Table:
    table = _table("等级 tiers", "tier", "members", "")
    everybody = sum(figures["tiers"].values()) or 1
    for tier, members in figures["tiers"].items():
        table.add_row(TIER_NAMES[tier], f"{members:,}", _bar(members / everybody))
    return table


def _movements(figures: Figures) -> Table:
    table = _table("等级变动 tier movements", "month", "up 升", "down 降", "warned 预警")
    for each in figures["tier_movements"]:
        table.add_row(each["month"], *(f"{each[key]:,}" for key in ("up", "down", "warned")))
    return table


def _coupons(figures: Figures) -> Table:
    table = _table("优惠券 coupons", "", "coupons", "")
    coupons = figures["coupons"]
    names = {"issued": "发放", "claimed": "领取", "redeemed": "核销", "rolled_back": "退回",
             "expired": "过期"}  # fmt: skip
    for key, name in names.items():
        share = coupons[key] / (coupons["issued"] or 1)
        table.add_row(f"{name} {key.replace('_', ' ')}", f"{coupons[key]:,}", _bar(share))
    table.add_row("优惠 discount ¥", _yuan(coupons["discount_fen"]))
    return table


def _books(figures: Figures) -> Table:
    table = _table("账本 ledger", "", "")
    liability, ledger = figures["liability"], figures["ledger"]
    table.add_row("负债 liability ¥", _yuan(liability["value_fen"]))
    breakage = liability["breakage"]
    table.add_row("预计失效 expected breakage", "–" if breakage is None else f"{breakage:,}")
    table.add_row("引荐 referrals rewarded", f"{figures['referrals_rewarded']:,}")
    table.add_row("分录 entries verified", f"{ledger['entries']:,}")
    style = "bold green" if ledger["findings"] == 0 else "bold red"
    table.add_row("篡改 tampering found", f"[{style}]{ledger['findings']:,}[/]")
    return table


def _bands(figures: Figures) -> Table:
    table = _table("最近购买 · recency at 2017-10-01", "days", "members", "")
    bands = figures["rfm_2017_10_01"]["day_bands"]
    for band, members in bands.items():
        table.add_row(band, f"{members:,}", _bar(members / (sum(bands.values()) or 1)))
    return table


def _terciles(figures: Figures) -> Table:
    """Recency down, frequency across, money inside: 27 cells, each as bright as it is full."""
    cells: dict[str, int] = figures["rfm_2017_10_01"]["terciles"]
    filled = sum(1 for members in cells.values() if members)
    table = _table(f"RFM by terciles at 2017-10-01 · {filled} of 27 cells", "R \\ F·M")
    table.caption = "R1 bought most recently; F3·M3 bought most often and for most money"
    table.caption_justify = "left"
    for frequency in "123":
        for money in "123":
            table.add_column(f"{frequency}·{money}", justify="right")
    fullest = max(cells.values(), default=1)
    for recency in "123":
        row = [cells.get(f"{recency}-{f}-{m}", 0) for f in "123" for m in "123"]
        table.add_row(f"R{recency}", *(_heat(members, fullest) for members in row))
    return table


def _heat(members: int, fullest: int) -> Text:
    if not members:
        return Text("·", style="dim")
    style = "bold white on blue" if members > fullest / 3 else "cyan" if members > 20 else "white"
    return Text(f" {members} ", style=style)


def _tags(figures: Figures) -> Table:
    table = _table("标签 top tags", "tag", "value", "members", "", left=2)
    for tag in figures["top_tags"]:
        share = tag["members"] / (figures["members"] or 1)
        table.add_row(tag["tag"], tag.get("value") or "", f"{tag['members']:,}", _bar(share))
    return table


def _lifecycle(figures: Figures) -> Table:
    return _counts("生命周期 lifecycle", figures["lifecycle"] | figures["customer_groups"], figures)


def _segments(figures: Figures) -> Table:
    return _counts("分群 segments", figures["segments"], figures)


def _counts(title: str, counts: dict[str, int], figures: Figures) -> Table:
    """Members by name, as shares of all."""
    table = _table(title, "", "members", "")
    for name, members in counts.items():
        table.add_row(name, f"{members:,}", _bar(members / (figures["members"] or 1)))
    return table


def _consents(figures: Figures) -> Table:
    table = _table("同意 consents", "purpose", "yes 同意", "no 拒绝", "withdrawn 撤回")
    for purpose, answers in figures["consents"].items():
        table.add_row(purpose.replace("_", " "), *(f"{number:,}" for number in answers.values()))
    return table


def _campaigns(figures: Figures) -> RenderableType:
    """Each campaign's funnel and money, and what it did beside what is true of it."""
    campaigns = figures["campaigns"]
    columns = ("选中 targeted", "对照 held out", "发送 sent", "用券 redeemed", "成本 cost ¥",
               "归因 attributed ¥", "增量 effect, points [95 %]", "真值 truth", "")  # fmt: skip
    table = _table("营销 campaigns", "", *columns)
    for each in campaigns:
        counts = (each[key] for key in ("targeted", "held_out", "sent", "redeemed"))
        verdict = each["verdict"]
        measured = verdict["measured"]
        found = "–"
        if measured:
            found = "{estimate:+.1f} [{low:+.1f}, {high:+.1f}]".format(**measured)
        truth = "0" if verdict["placebo"] else f"{verdict['expected']:+.1f}"
        mark = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: ""}[verdict["holds"]]
        money = (_yuan(each[key]) for key in ("cost_fen", "revenue_fen"))
        table.add_row(each["name"], *(f"{count:,}" for count in counts), *money, found, truth, mark)
    people = sorted({f"planned by {c['author']}, approved by {c['approver']}" for c in campaigns})
    sentences = Text("\n".join(people), style="dim")
    for each in campaigns:
        told, verdict = each["incremental"], each["verdict"]
        sentences.append(f"\n{each['name']}", style="bold")
        for language in ("zh", "en"):
            sentences.append(f"\n  {told[language]} {verdict[language]}", style="default")
    for each in figures["experiments"]:
        sentences.append(f"\n{each['name']}: A/B", style="bold")
        for language in ("zh", "en"):
            sentences.append("\n  " + " ".join(each[language]), style="default")
            for arm, verdict in each["verdicts"].items():
                sentences.append(f"\n  {arm}: {verdict[language]}", style="default")
    return Group(table, sentences, Text())


def _invariants(figures: Figures) -> RenderableType:
    """What must never happen, and how the placebos did."""
    table = _table("从不 never, over all that left", "", "checked", "violations")
    for each in figures["invariants"]:
        style = "bold red" if each["violations"] else "bold green"
        count = f"[{style}]{each['violations']:,}[/]"
        table.add_row(f"{each['zh']} {each['name']}", f"{each['checked']:,}", count)
    placebos = figures["placebos"]
    table.caption = (
        f"{placebos['hold_zero']} of {placebos['measured']} placebos have zero in their interval"
    )
    table.caption_justify = "left"
    return table


def _cross_check(figures: Figures, totals: Totals) -> Table:
    table = _table("对账 platform against data set", "", "platform", "data set", "planted", "")
    for check in cross_check(figures, totals):
        mark = "[green]✓[/]" if check.good else "[bold red]✗[/]"
        row = (check.ours, check.data_set, check.planted)
        table.add_row(check.what, *(f"{each:,}" for each in row), mark)
    return table


def _seconds(figures: Figures) -> Table:
    table = _table("用时 seconds", "phase", "seconds", "")
    seconds: dict[str, float] = figures["seconds"]
    for phase, spent in seconds.items():
        bar = Text() if phase == "total" else _bar(spent / (seconds["total"] or 1))
        table.add_row(phase, f"{spent:,.1f}", bar)
    return table


def _privacy(scanned: Scanned) -> RenderableType:
    found = Table.grid(padding=(0, 2))
    for finding in scanned.findings[:20]:
        found.add_row(finding.place, finding.kind, finding.form, str(finding.count))
    style = "green" if scanned.hits == 0 else "bold red"
    text = Text(
        f"{scanned.hits} plaintext personal values in {scanned.bytes / 1e6:,.0f} MB"
        f" of {scanned.places:,} files, tables and caches behind the gateway",
        style=style,
    )
    body = Group(text, found) if scanned.findings else text
    return Panel(body, title="隐私 privacy: byte scan", border_style=style, expand=False)


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"
