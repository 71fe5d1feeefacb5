"""A scan that finds nothing proves something only if it finds what was planted."""

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from allinone.demo.households import Person, people, secrets_of
from allinone.pii import files
from allinone.pii import scanner as scan
from allinone.pii.forms import SHORT


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(range(500)).values())


@pytest.fixture(scope="module")
def scanner(crowd: list[Person]) -> scan.Scanner:
    return scan.Scanner(secrets_of(crowd))


def _found(scanner: scan.Scanner, data: bytes) -> list[tuple[str, str]]:
    return [(kind, form) for _, kind, form in scanner.find(data)]


@pytest.mark.parametrize("kind", ["name", "phone", "openid", "card_no", "street"])
def test_a_value_is_found_in_every_form(
    scanner: scan.Scanner, crowd: list[Person], kind: str
) -> None:
    value = dict(secrets_of([crowd[42]]))[kind]
    written = [value.encode(), value.encode().hex().encode(), json.dumps({"v": value}).encode()]
    written += [quote(value).encode(), base64.b64encode(value.encode())]
    written += [base64.urlsafe_b64encode(b"ab" + value.encode() + b"cd")] if kind != "name" else []
    for data in written:
        assert kind in {found for found, _ in _found(scanner, b"\0\x01" + data + b"\xff")}, data


def test_phone_numbers_are_found_as_people_write_them(
    scanner: scan.Scanner, crowd: list[Person]
) -> None:
    phone = crowd[7].phone
    grouped = f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"
    for text in (phone, f"+86{phone}", f"0086{phone}", f"86{phone},", grouped, f"tel:{phone}/"):
        assert len(_found(scanner, text.encode())) == 1, text


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_in_utf_16_too(scanner: scan.Scanner, crowd: list[Person], order: str) -> None:
    phone, street = crowd[7].phone, crowd[7].street
    for text in (f"\0\0<{phone}>", f"+86{phone}", f"号0086{phone}室", street):
        found = _found(scanner, b"\xff\xfe" + text.encode(order))
        assert [form for _, form in found] == ["utf-16"], text
    for text in (f"7{phone}", f"{phone}0", f"1486{phone}"):
        assert _found(scanner, text.encode(order)) == [], text


def test_every_plant_of_every_form_is_found_before_it_begins(scanner: scan.Scanner) -> None:
    forms = {"utf-8", "utf-16", "gbk", "hex", "base64", "url", "json", "grouped"}
    assert set(scanner.proved) == forms and scanner.proved["utf-8"] > 2_000


def test_a_scanner_that_is_blind_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "forms", lambda _, value: [("utf-8", value.encode())])
    with pytest.raises(RuntimeError, match="utf-16"):
        scan.Scanner([("card_no", "A-1234-5678")])


def test_what_could_be_chance_is_not_searched_for_and_said() -> None:
    secrets = [("name", "李四"), ("name", "张三丰"), ("card_no", "12345678")]
    sure, short = scan.Scanner(secrets), scan.Scanner(secrets, SHORT)
    said = {(each.kind, each.form): each.values for each in sure.skipped}
    assert said["name", "utf-8"] == 1 and said["name", "utf-16"] == 2 and said["name", "gbk"] == 2
    assert said["card_no", "utf-8"] == 1 and ("name", "json") not in said
    assert _found(sure, "收件人李四".encode()) == [] == _found(sure, b'"12345678"')
    assert _found(sure, b'"\\u674e\\u56db"') == [("name", "json")]
    assert _found(short, "收件人李四".encode()) == [("name", "utf-8")]
    assert _found(short, "张三丰".encode("utf-16-be")) == [("name", "utf-16")]
    assert _found(short, b'"12345678"') == []


def test_a_number_inside_a_longer_number_is_another_number(
    scanner: scan.Scanner, crowd: list[Person]
) -> None:
    phone = crowd[7].phone
    for text in (f"7{phone}", f"{phone}0", f"0.00{phone}", f"1486{phone}"):
        assert _found(scanner, text.encode()) == [], text


def test_a_value_across_two_blocks_is_found_once(
    scanner: scan.Scanner, crowd: list[Person]
) -> None:
    secret = crowd[3].street.encode()
    padding = b"x" * (scan.MARGIN * 3)
    data = padding + secret + padding
    for cut in range(len(padding) - 2, len(padding) + len(secret) + 2):
        sweep = scan.Sweep(scanner, "here")
        sweep.feed(data[:cut])
        sweep.feed(data[cut:])
        assert sweep.finish() == [scan.Finding("here", "street", "utf-8", 1)]


def test_a_number_is_not_cut_in_two_by_blocks(scanner: scan.Scanner, crowd: list[Person]) -> None:
    data = b"1" + crowd[3].phone.encode() + b"1"
    for cut in range(len(data)):
        sweep = scan.Sweep(scanner, "here")
        sweep.feed(data[:cut])
        sweep.feed(data[cut:])
        assert sweep.finish() == []


def test_files_below_a_directory(
    scanner: scan.Scanner, crowd: list[Person], tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "noise").write_bytes(os.urandom(1 << 20))
    clean = files.scan_files(scanner, tmp_path)
    assert (clean.hits, clean.places, clean.bytes) == (0, 1, 1 << 20)
    (tmp_path / "deep" / "heap").write_bytes(os.urandom(1 << 20) + crowd[0].name.encode())
    (tmp_path / "log").write_text(f"sent to {crowd[1].phone}\nand {crowd[1].phone}\n")
    dirty = files.scan_files(scanner, tmp_path)
    assert sorted(dirty.findings, key=lambda finding: finding.place) == [
        scan.Finding("deep/heap", "name", "utf-8", 1),
        scan.Finding("log", "phone", "utf-8", 2),
    ]
    assert dirty.hits == 3


def test_a_file_larger_than_a_block(
    scanner: scan.Scanner, crowd: list[Person], tmp_path: Path
) -> None:
    hole = tmp_path / "big"
    with hole.open("wb") as file:
        for place in (0, scan.CHUNK - 3, 2 * scan.CHUNK + 17):
            file.seek(place)
            file.write(crowd[9].card_no.encode())
    assert files.scan_files(scanner, tmp_path).hits == 3


def test_findings_never_hold_the_value(scanner: scan.Scanner, crowd: list[Person]) -> None:
    sweep = scan.Sweep(scanner, "here")
    sweep.feed(crowd[5].name.encode())
    assert crowd[5].name not in repr(sweep.finish())
