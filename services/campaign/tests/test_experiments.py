"""Experiments: published bounds, planted effects found, and no conclusion where none is due."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from campaign_service.experiments import uplift
from campaign_service.experiments.effects import difference, holm, sample_ratio
from campaign_service.experiments.evaluating import evaluate
from campaign_service.experiments.reading import Unusable, read, shape
from campaign_service.experiments.sequential import bounds, looks

UNITS = 6000


def shop(seed: int, units: int = UNITS, *, effect: float = 0.0, where: str = "all") -> pl.DataFrame:
    """An experiment: buys or not, `effect` more of those contacted buy (all, or the old)."""
    chance = np.random.default_rng(seed)
    mailed = chance.random(units) < 0.5
    age = chance.integers(18, 80, units)
    loyal = chance.random(units)
    likely = 0.05 + 0.5 * loyal * (age < 50)
    gains = np.ones(units, bool) if where == "all" else age >= 50
    bought = chance.random(units) < likely + effect * mailed * gains
    return pl.DataFrame(
        {
            "unit": [f"u{n}" for n in range(units)],
            "variant": np.where(mailed, "mail", "control"),
            "outcome": bought * 1.0,
            "pre": loyal * 100 + chance.normal(0, 5, units),
            "at": np.arange(units),
            "age": age,
            "town": chance.choice(["北京", "上海", "广州"], units),
        }
    )


def test_bounds_are_the_published_ones() -> None:
    # Lan & DeMets, of the O'Brien-Fleming kind: five looks, two-sided 5 %
    assert bounds([0.2, 0.4, 0.6, 0.8, 1.0]) == pytest.approx(
        [4.877, 3.357, 2.680, 2.290, 2.031], abs=2e-3
    )
    assert bounds([1.0]) == pytest.approx([1.960], abs=1e-3)


def test_who_peeks_twenty_times_is_wrong_one_time_in_four_without_bounds() -> None:
    steps = np.random.default_rng(1).normal(size=(40_000, 20))
    share = np.arange(1, 21) / 20
    z = np.abs(steps.cumsum(axis=1) / np.sqrt(np.arange(1, 21)))
    assert 0.2 < (z > 1.96).any(axis=1).mean() < 0.28
    crossed = (z > np.array(bounds(list(share)))).any(axis=1).mean()
    assert 0.044 < crossed < 0.054


def test_a_planted_effect_is_inside_its_interval_nineteen_times_of_twenty() -> None:
    found = [
        difference(shop(seed, 800, effect=0.1), "control", "mail", "pre") for seed in range(150)
    ]
    inside = np.mean([one.low <= 0.1 <= one.high for one in found])
    assert 0.9 <= inside <= 0.99


def test_knowing_the_time_before_narrows_the_interval_by_the_correlation() -> None:
    chance = np.random.default_rng(3)
    before = chance.normal(100, 20, UNITS)
    after = before + chance.normal(0, 10, UNITS)
    table = pl.DataFrame({"variant": ["a", "b"] * (UNITS // 2), "outcome": after, "pre": before})
    plain, better = difference(table, "a", "b", None), difference(table, "a", "b", "pre")
    gain = 1 - (better.error / plain.error) ** 2
    assert gain == pytest.approx(np.corrcoef(before, after)[0, 1] ** 2, abs=0.02)


def test_groups_of_the_wrong_size_are_noticed_and_designed_ones_are_not() -> None:
    def sized(control: int, mail: int, shares: dict[str, float] | None = None) -> dict[str, Any]:
        table = pl.DataFrame(
            {
                "unit": range(control + mail),
                "variant": ["control"] * control + ["mail"] * mail,
                "outcome": [0.0, 1.0] * ((control + mail) // 2),
            }
        )
        return sample_ratio(shape(table), shares)

    assert sized(5000, 5060)["ok"]
    assert not sized(5000, 5500)["ok"]
    assert sized(1010, 8990)["shares"] == "taken as round" and sized(1010, 8990)["ok"]
    assert not sized(5000, 5000, {"control": 1, "mail": 2})["ok"]
    assert sized(3300, 6700, {"control": 1, "mail": 2})["ok"]


def test_a_report_finds_the_plant_and_says_so_in_two_languages() -> None:
    made = evaluate(shape(shop(5, effect=0.12)), randomised=True, times=5)
    (row,) = made["effects"]
    assert made["causal"] and made["control"] == "control" and row["significant"]
    assert row["interval"][0] <= 0.12 <= row["interval"][1]
    assert row["cuped"]["variance_reduction"] > 0.02
    (course,) = made["sequential"]
    assert course["verdict"] == "better" and 1 < course["decided_at_look"] <= 5
    assert len(course["looks"]) == 5 and course["looks"][0]["decides"] is False
    assert any("stopping there is valid" in line for line in made["words"]["en"])
    assert len(made["words"]["zh"]) == len(made["words"]["en"])
    json.dumps(made, allow_nan=False)


def test_a_placebo_shows_nothing() -> None:
    made = evaluate(shape(shop(6).drop("age", "town")), randomised=True, times=4)
    (row,) = made["effects"]
    assert row["interval"][0] < 0 < row["interval"][1] and not row["significant"]
    assert made["sequential"][0]["verdict"] == "no decision"
    assert any("no look of 4" in line for line in made["words"]["en"])


def test_without_chance_there_is_no_causal_word() -> None:
    made = evaluate(shape(shop(5, effect=0.12)), randomised=False)
    assert made["verdict"] == "not causal" and made["causal"] is False
    assert not {"effects", "uplift", "sequential"} & set(made)
    text = json.dumps(made["words"] | {"keys": list(made)}).lower()
    assert not any(word in text for word in ("uplift", "effect", "increment"))
    assert made["differences"][0]["estimate"] > 0


def test_groups_that_differed_before_are_not_believed() -> None:
    table = shop(7, effect=0.0).filter((pl.col("variant") == "control") | (pl.col("pre") > 30))
    size = min(table["variant"].value_counts()["count"].to_list())
    even = pl.concat([part.head(size) for part in table.partition_by("variant")])
    made = evaluate(shape(even), randomised=True)
    assert made["sample_ratio"]["ok"] and not made["causal"]
    assert made["balance"]["worst"] == "pre"
    assert "Not causal" in made["words"]["en"][0]


def test_choosing_by_uplift_gains_where_buyers_are_not_the_persuadable() -> None:
    made = uplift.judge(shape(shop(8, effect=0.25, where="old")), "mail")
    assert made is not None and made["better"] and made["gain_interval"][0] > 0
    assert made["uplift_model"]["qini"] > 2 * made["response_model"]["qini"]


def test_no_gain_over_the_response_model_is_said_plainly() -> None:
    made = evaluate(shape(shop(9, 3000, effect=0.1)), randomised=True)
    assert made["uplift"][0]["better"] is False
    assert any("no gain over response model" in line for line in made["words"]["en"])


def test_qini_of_a_perfect_order_and_of_chance() -> None:
    chance = np.random.default_rng(2)
    helped = np.arange(20_000) < 5000
    treated = chance.random(20_000) < 0.5
    data = uplift.Data(np.empty((20_000, 0)), treated, (helped & treated) * 1.0)
    perfect = uplift.qini(uplift.curve(uplift.ranked(helped * 1.0), data))
    assert perfect == pytest.approx(0.25 * 0.75 / 2, abs=0.004)  # a triangle: .25 high, at .25
    assert abs(uplift.qini(uplift.curve(uplift.ranked(np.zeros(20_000)), data))) < 0.004


def test_several_variants_share_one_error() -> None:
    assert holm({"b": 0.01, "c": 0.04, "d": 0.03}) == pytest.approx(
        {"b": 0.03, "d": 0.06, "c": 0.06}
    )
    table = shop(10, effect=0.1).with_columns(
        pl.when(pl.col("variant") == "mail")
        .then(pl.when(pl.col("age") % 2 == 0).then(pl.lit("mail")).otherwise(pl.lit("push")))
        .otherwise(pl.lit("control"))
        .alias("variant")
    )
    table = table.select("unit", "variant", "outcome")
    made = evaluate(shape(table), randomised=True, shares={"control": 2, "mail": 1, "push": 1})
    assert [row["variant"] for row in made["effects"]] == ["mail", "push"]
    assert all(row["adjusted_p_value"] >= row["p_value"] for row in made["effects"])


def test_looks_at_one_moment_are_one_look() -> None:
    table = shop(11, 1000).with_columns(at=pl.lit(1))
    assert len(looks(table, "control", "mail", pre=None, count=5)) == 1


def test_units_are_counted_once_and_crossed_ones_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "e.csv"
    file.write_text(
        "Unit,variant,outcome\n1,A,2\n1,A,3\n2,A,0\n3,B,1\n4,B,\n5,A,1\n5,B,1\n6,B,4\n,B,1\n",
        encoding="utf-8",
    )
    found = read(file)
    assert found.table.sort("unit")["outcome"].to_list() == [5.0, 0.0, 1.0, 4.0]
    assert found.control == "A" and found.left_out == {
        "no unit or variant": 1,
        "no outcome": 1,
        "units in more than one variant": 1,
        "rows added to their unit's first": 1,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unit,variant\n1,a\n", "outcome"),
        ("unit,variant,outcome\n1,a,x\n2,b,y\n", "numbers"),
        ("unit,variant,outcome\n1,a,1\n2,a,0\n", "1 variants"),
        ("unit,variant,outcome\n1,a,1\n2,b,0\n3,a,1\n", "fewer than 2"),
        ("unit,variant,outcome,at\n1,a,1,soon\n2,b,0,late\n", "`at`"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "e.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable, match=said):
        read(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_write_them(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = [("unit", "variant", "outcome", "at", "城市")]
    rows += [
        (f"u{n}", "对照" if n % 2 else "短信", str(n % 3), f"2024/3/{n + 1} 9:05", "北京")
        for n in range(9)
    ]
    file = tmp_path / "table.csv"
    file.write_text("\n".join(map(separator.join, rows)), encoding=encoding)
    found = read(file)
    assert (found.control, found.treatments, found.features) == ("对照", ("短信",), ("城市",))
    assert found.table["at"].diff().drop_nulls().unique().to_list() == [86_400e6]


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (["2024-01-02T03:04:05Z", "2024-01-02T03:04:06+00:00"], 1),
        (["2024-01-02T03:04:05.5+08:00", "2024-01-01T19:04:06.5Z"], 1),
        (["2024-01-02 03:04", "2024-01-02 03:05"], 60),
    ],
)
def test_times_are_read_as_they_are_written(at: list[str], seconds: float) -> None:
    arms = ["a", "a", "b", "b"]
    table = {"unit": [1, 2, 3, 4], "variant": arms, "outcome": [1, 0, 1, 0], "at": at * 2}
    first, second, *_ = shape(pl.DataFrame(table)).table["at"]
    assert second - first == seconds * 1e6


def test_times_that_are_none_are_named() -> None:
    table = {"unit": [1, 2], "variant": ["a", "b"], "outcome": [1, 0], "at": ["soon", "later"]}
    with pytest.raises(Unusable, match="`at`"):
        shape(pl.DataFrame(table))


def test_looks_without_a_course_are_judged_at_the_last_with_its_bound() -> None:
    table = shop(3, effect=0.1)
    found = evaluate(shape(table.drop("at")), randomised=True, times=5, targeting=False)
    (course,) = found["sequential"]
    (last,) = course["looks"]
    assert last["bound"] == pytest.approx(2.031, abs=2e-3)
    assert (course["decided_at_look"], course["verdict"]) == (5, "better")
    assert any("`at`" in words for words in found["words"]["en"])


def test_a_bound_crossed_by_groups_that_were_moved_decides_nothing() -> None:
    table = shop(4, effect=0.2)
    moved = table.filter((pl.col("variant") == "mail") | (pl.col("at") % 5 > 0))
    found = evaluate(shape(moved), randomised=True, times=5, targeting=False)
    assert found["causal"] is False and found["sequential"][0]["decided_at_look"] is not None
    assert not any("valid" in words for words in found["words"]["en"])
