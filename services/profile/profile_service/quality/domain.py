"""Measures of data quality, their lights, and what they say in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.quality import AmountErrors, Completeness, Freshness, Light, QuarantineFigures

WEEK = timedelta(days=7)
VOLUNTARY = frozenset({("member", "gender"), ("member", "birthday"), ("member", "city")})
SLACK = 0.05  # how far a share of complete rows may miss the limit and still be amber
_RANK: dict[Light, int] = {"unknown": 0, "green": 1, "amber": 2, "red": 3}
_LIGHTS: dict[Light, tuple[str, str]] = {
    "green": ("达标", "within limits"), "amber": ("接近警戒", "close to the limit"),
    "red": ("超标", "beyond the limit"), "unknown": ("暂无数据", "no data"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The least share of filled rows, the largest share of wrong amounts, and seconds."""

    completeness: float
    amount_error: float
    freshness_seconds: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Messages of a day: how many, how many of them late, and the longest way of one."""

    day: date
    messages: int
    late: int
    worst_ms: int


@dataclass(frozen=True, slots=True)
class Days:
    """From `since` to `until`, which is not included."""

    since: date
    until: date


def completeness(area: str, field: str, rows: int, filled: int, limits: Limits) -> Completeness:
    """A field, judged."""
    light: Light = "unknown"
    share = filled / rows if rows else None
    if share is not None:
        enough, almost = limits.completeness, limits.completeness - SLACK
        light = "green" if share >= enough else "amber" if share >= almost else "red"
    return Completeness(
        area=area, field=field, voluntary=(area, field) in VOLUNTARY, rows=rows, filled=filled,
        share=share, light=light,
    )  # fmt: skip


def amounts(orders: int, refused: int, wrong: int, limits: Limits) -> AmountErrors:
    """Amounts, judged: amber up to twice the limit."""
    light: Light = "unknown"
    of = orders + refused
    share = (refused + wrong) / of if of else None
    if share is not None:
        most = limits.amount_error
        light = "green" if share <= most else "amber" if share <= 2 * most else "red"
    return AmountErrors(orders=orders, refused=refused, wrong=wrong, share=share, light=light)


def freshness(
    messages: int, late: int, worst_ms: int, unread: int | None, limits: Limits
) -> Freshness:
    """Ways of messages, judged: all in time, or one in a hundred late, or worse.

    What is unread though nothing has arrived is stuck.
    """
    light: Light = "unknown"
    if messages:
        light = "green" if not late else "amber" if late * 100 <= messages else "red"
    elif unread:
        light = "red"
    return Freshness(
        within_seconds=limits.freshness_seconds, messages=messages, late=late,
        worst_seconds=worst_ms / 1000 if messages else None, unread=unread, light=light,
    )  # fmt: skip


def worst(lights: Sequence[Light]) -> Light:
    """The light of the whole."""
    return max(lights, key=lambda light: _RANK[light], default="unknown")


def light_of(fields: Sequence[Completeness], money: AmountErrors, ways: Freshness) -> Light:
    """The report's: what members may keep to themselves does not count."""
    return worst([*(f.light for f in fields if not f.voluntary), money.light, ways.light])


def words(
    fields: Sequence[Completeness],
    money: AmountErrors,
    ways: Freshness,
    put_aside: QuarantineFigures,
    flips: int,
) -> tuple[list[str], list[str]]:
    """The report in Chinese and English sentences."""
    light = light_of(fields, money, ways)
    zh, en = [f"数据质量总体{_LIGHTS[light][0]}。"], [f"Data quality is {_LIGHTS[light][1]}."]
    short = [f for f in fields if f.light in ("amber", "red") and f.share is not None]
    if short:
        named = [f"{f.area}.{f.field} {f.share:.1%}" for f in short]
        zh.append(f"不够完整的字段：{'、'.join(named)}。")
        en.append(f"Fields that are not complete enough: {', '.join(named)}.")
    if money.share is not None:
        wrong = money.refused + money.wrong
        zh.append(f"金额错误 {wrong} 单（{money.share:.2%}），{_LIGHTS[money.light][0]}。")
        en.append(
            f"{wrong} orders with a wrong amount ({money.share:.2%}), {_LIGHTS[money.light][1]}."
        )
    if ways.messages and ways.worst_seconds is not None:
        zh.append(
            f"采集 {ways.messages} 条，{ways.late} 条迟到，最慢 {ways.worst_seconds:.1f} 秒。"
        )
        en.append(
            f"{ways.messages} messages, {ways.late} of them late, the slowest after"
            f" {ways.worst_seconds:.1f} s."
        )
    if put_aside.put_aside or put_aside.waiting:
        zh.append(f"隔离 {put_aside.put_aside} 条，待处理 {put_aside.waiting} 条。")
        en.append(f"{put_aside.put_aside} messages put aside, {put_aside.waiting} still wait.")
    if flips:
        zh.append(f"{flips} 个标签突变待复核。")
        en.append(f"{flips} sudden losses of tags wait for review.")
    return zh, en
