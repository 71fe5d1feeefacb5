"""The report in sentences, Chinese and English."""

from __future__ import annotations

from typing import Any

Words = dict[str, list[str]]
WORTH_SAYING = 0.01  # of the variance taken away


def refusal() -> Words:
    """For groups that were not drawn by chance."""
    return {
        "en": [
            "Not causal: who got what was not left to chance, so the groups may have differed"
            " before. The differences describe them; they do not say what the contact did.",
            "To learn that, hold out a control group drawn at random.",
        ],
        "zh": [
            "不能作因果解释：分组并非随机，各组在活动之前就可能不同。"
            "所列差异只是描述，不说明触达带来了什么。",
            "若要知道效果，请随机留出对照组。",
        ],
    }


def of(report: dict[str, Any]) -> Words:
    """For an experiment whose groups were drawn by chance."""
    words: Words = {"en": [], "zh": []}

    def say(en: str, zh: str) -> None:
        words["en"].append(en)
        words["zh"].append(zh)

    _doubts(report, say)
    for row in report["effects"]:
        _effect(row, report, say)
    for row in report.get("sequential", []):
        _course(row, say, causal=report["causal"])
    for row in report.get("uplift", []):
        _targeting(row, say)
    if report.get("uplift") == []:
        say(
            "Who is worth contacting was not learnt: no columns, or too few units.",
            "未学习应触达谁：没有特征列，或样本太少。",
        )
    return words


def _doubts(report: dict[str, Any], say: Any) -> None:
    ratio, balance = report["sample_ratio"], report["balance"]
    if not ratio["ok"]:
        say(
            f"Sample-ratio mismatch (p = {ratio['p_value']:.2g}): groups have not the sizes that"
            " were drawn, so something removed or moved members. Not causal until that is found.",
            f"样本比例不符（p = {ratio['p_value']:.2g}）：各组人数与设计不符，"
            "说明有成员被剔除或移动。查明之前不能作因果解释。",
        )
    if balance is not None and not balance["ok"]:
        say(
            f"The groups differed before the experiment (column {balance['worst']},"
            f" p = {balance['p_value']:.2g}): chance alone did not draw them. Not causal.",
            f"各组在实验之前就不同（列 {balance['worst']}，p = {balance['p_value']:.2g}）："
            "并非只由随机决定。不能作因果解释。",
        )
    if ratio["shares"] == "taken as round":
        say(
            "The design's shares were not stated; round ones were assumed.",
            "未说明各组设计比例，按最接近的整比例检查。",
        )


def _effect(row: dict[str, Any], report: dict[str, Any], say: Any) -> None:
    best = row["cuped"] if row["by"] == "cuped" and row["cuped"] else row
    low, high = best["interval"]
    numbers = f"{best['estimate']:+.4g} (95 % {low:.4g} … {high:.4g})"
    if row["significant"]:
        en, zh = ("more", "更高") if best["estimate"] > 0 else ("less", "更低")
        say(
            f"{row['variant']}: {en} than {report['control']}, {numbers} a unit.",
            f"{row['variant']}：比 {report['control']} {zh}，每单位 {numbers}。",
        )
    else:
        say(
            f"{row['variant']}: no difference from {report['control']} shown, {numbers} a unit.",
            f"{row['variant']}：未显示与 {report['control']} 有差异，每单位 {numbers}。",
        )
    gain = row["cuped"]["variance_reduction"] if row["cuped"] else 0.0
    if gain >= WORTH_SAYING:
        say(
            f"Knowing the time before takes away {gain:.0%} of the variance (CUPED).",
            f"利用实验前数据可减少 {gain:.0%} 的方差（CUPED）。",
        )


def _course(row: dict[str, Any], say: Any, *, causal: bool) -> None:
    name, count, at = row["variant"], len(row["looks"]), row["decided_at_look"]
    if not row["followed"]:
        say(
            f"{name}: there is no column `at`, so only the last look could be judged.",
            f"{name}：缺少 `at` 列，只能判断最后一次查看。",
        )
    if count == 0:
        say(f"{name}: no look is due yet.", f"{name}：尚未到第一次查看。")
    elif at is None:
        say(
            f"{name}: no look of {count} crosses its bound; do not stop for a result.",
            f"{name}：{count} 次查看均未越过界限，不应据此提前停止。",
        )
    elif not causal:
        say(
            f"{name}: crosses its bound at look {at}; that decides nothing before the doubts above"
            " are settled.",
            f"{name}：第 {at} 次查看越过界限，但在澄清上述疑点之前不作判定。",
        )
    else:
        en, zh = {"better": ("better", "更好"), "worse": ("worse", "更差")}[row["verdict"]]
        of = f" of {count}" if row["followed"] else ""
        say(
            f"{name}: {en}, decided at look {at}{of}; stopping there is valid.",
            f"{name}：{zh}，第 {at} 次查看即可判定，此时停止有效。",
        )


def _targeting(row: dict[str, Any], say: Any) -> None:
    low, high = row["gain_interval"]
    interval = f"95 % {low:.3g} … {high:.3g}"
    if row["better"]:
        say(
            f"{row['variant']}: choosing by uplift gains over the response model (Qini"
            f" {row['uplift_model']['qini']:.3g} against {row['response_model']['qini']:.3g},"
            f" difference {interval}).",
            f"{row['variant']}：按增量模型选人优于响应模型（Qini"
            f" {row['uplift_model']['qini']:.3g} 对 {row['response_model']['qini']:.3g}，"
            f"差 {interval}）。",
        )
    else:
        say(
            f"{row['variant']}: no gain over response model (difference of Qini {interval}).",
            f"{row['variant']}：相对响应模型没有增益（Qini 之差 {interval}）。",
        )
