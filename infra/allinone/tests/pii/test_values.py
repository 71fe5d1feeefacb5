"""Lists of values, as people make them."""

import io
from pathlib import Path

import pytest

from allinone.pii import values


def test_one_a_line_or_with_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'kind,value\nname,张三\nphone,"138 0013 8000"\n\n13900139000\n'
    text += "address,浙江省,杭州市\n浙江省,宁波市\nname,张三\n"
    (tmp_path / "list").write_text("\ufeff" + text, encoding="utf-8")
    found = values.read(str(tmp_path / "list"))
    assert found == [
        ("name", "张三"), ("phone", "138 0013 8000"), ("phone", "13900139000"),
        ("address", "浙江省,杭州市"), ("value", "浙江省,宁波市"),
    ]  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert values.read("-") == found


def test_what_is_no_list_is_refused_without_being_quoted(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("kind,value\n")
    (tmp_path / "binary").write_bytes("张三".encode("gbk"))
    for name in ("empty", "binary", "missing"):
        with pytest.raises(values.NoValues) as refused:
            values.read(str(tmp_path / name))
        assert name in str(refused.value) and "张三" not in str(refused.value)


def test_values_are_looked_for_as_the_gateway_would_write_them() -> None:
    given = [("phone", "+86 138-0013-8000"), ("email", "Ann@X.cn"), ("shoe", "ａ"), ("phone", "x")]
    found = set(values.spellings(given))
    assert {("phone", "13800138000"), ("email", "ann@x.cn"), ("shoe", "ａ")} <= found
