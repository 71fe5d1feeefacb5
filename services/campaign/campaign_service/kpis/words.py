"""What the weekly report says, in Chinese and English. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.campaign.kpis import KpiRow

_COLOURS = {
    "zh": {"red": "红灯", "amber": "黄灯", "green": "绿灯"},
    "en": {"red": "red", "amber": "amber", "green": "green"},
}
_BY = {"zh": {"store": "门店", "channel": "渠道"}, "en": {"store": "store", "channel": "channel"}}
_ORDER = {"red": 0, "amber": 1, "green": 2, None: 3}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, its name and unit, and by breakdown the part that moved it most."""

    row: KpiRow
    name: Mapping[str, str]
    unit: str
    movers: Sequence[tuple[str, KpiRow]]


def sentences(lines: Sequence[Line]) -> tuple[list[str], list[str]]:
    """A sentence a figure, red ones first."""
    ranked = sorted(lines, key=lambda line: _ORDER[line.row.status])
    return [_said(line, "zh") for line in ranked], [_said(line, "en") for line in ranked]


def _said(line: Line, lang: str) -> str:
    row, zh = line.row, lang == "zh"
    name = line.name[lang]
    if row.value is None or row.status is None or row.target is None:
        return f"{name}：本周没有数据。" if zh else f"{name}: nothing to tell this week."
    value, target = _shown(row.value, line.unit, lang), _shown(row.target, line.unit, lang)
    colour = _COLOURS[lang][row.status]
    text = f"{name} {value}（{colour}，目标 {target}）" if zh else (
        f"{name} {value} ({colour}, target {target})"
    )  # fmt: skip
    if row.previous is None:
        return text + ("。" if zh else ".")
    gap = row.value - row.previous
    moved = _moved(gap, line.unit, lang)
    text += f"，较上周{moved}" if zh else f", {moved} on the week before"
    movers = [_mover(by, part, line.unit, lang) for by, part in line.movers if part.effect]
    if movers and gap:
        text += f"；主要来自{'、'.join(movers)}" if zh else f"; mostly {', '.join(movers)}"
    return text + ("。" if zh else ".")


def _mover(by: str, part: KpiRow, unit: str, lang: str) -> str:
    moved = _moved(part.effect or 0.0, unit, lang)
    label = part.name or part.part or ""
    return f"{_BY[lang][by]} {label}（{moved}）" if lang == "zh" else (
        f"{_BY[lang][by]} {label} ({moved})"
    )  # fmt: skip


def _moved(gap: float, unit: str, lang: str) -> str:
    sign = "+" if gap >= 0 else "−"
    if unit == "percent":
        return f"{sign}{abs(gap):.1f} " + ("个百分点" if lang == "zh" else "points")
    return sign + _shown(abs(gap), unit, lang)


def _shown(value: float, unit: str, lang: str) -> str:
    if unit == "percent":
        return f"{value:.1f}%"
    if unit == "points":
        return f"{value:.0f}" + (" 点" if lang == "zh" else " points")
    if unit == "times":
        return f"{value:.1f}" + (" 倍" if lang == "zh" else "×")
    return f"{value / 100:.2f} " + ("元" if lang == "zh" else "yuan")
