"""Match keys: equal where values are, silent about everything else."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import Kind
from contracts.matching import BYTES, FILTERS, LAYOUT
from gateway_service.vault import names
from gateway_service.vault.keys import Keys
from gateway_service.vault.matchkeys import Matcher
from gateway_service.vault.ring import Ring
from gateway_service.vault.seal import Vault, digest_of
from testkit.vaults import SECRET

HAN = st.text("王李张欧阳伟章建健国英颖花华", min_size=2, max_size=4)
DIGITS = st.integers(10**6, 10**7 - 1).map(lambda number: f"1382{number:07d}")
DATES = st.dates().map(lambda day: day.isoformat())


def matcher(secret: bytes = SECRET) -> Matcher:
    return Vault(Keys(secret), Ring("test")).matcher


MATCHER = matcher()


def keys_of(**record: str) -> Mapping[str, bytes]:
    """What is known of a record, by feature."""
    found = MATCHER.derive(record)
    assert len(found) == BYTES
    parts = {name: found[8 * at.start : 8 * at.stop] for name, at in LAYOUT.items()}
    return {name: part for name, part in parts.items() if any(part)}


def alike(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> set[str]:
    return {name for name in one.keys() & other.keys() if one[name] == other[name]}


@given(DIGITS, st.sampled_from(("", "+86", "0086", "+86 ")), st.sampled_from("- "))
def test_a_phone_has_one_spelling_and_its_mask_meets_it(digits: str, prefix: str, gap: str) -> None:
    wide = digits.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    full, again = keys_of(phone=digits), keys_of(phone=f"{prefix}{digits[:3]}{gap}{digits[3:]}")
    masked = keys_of(phone=f"{digits[:3]}****{digits[7:]}")
    assert full == again == keys_of(phone=wide)
    assert masked.keys() == {"phone_masked", "phone_tail"} == alike(full, masked)


@given(DIGITS, st.integers(3, 9))
def test_a_slip_of_neighbouring_digits_shows(digits: str, at: int) -> None:
    slip = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    near = LAYOUT["phone_near"].stop - LAYOUT["phone_near"].start
    one, other = keys_of(phone=digits)["phone_near"], keys_of(phone=slip)["phone_near"]
    same = [n for n in range(near) if one[8 * n : 8 * n + 8] == other[8 * n : 8 * n + 8]]
    assert at in same
    assert slip == digits or len(same) == 1


@given(HAN, st.sampled_from((" ", "　", "")), st.sampled_from(("", "先生", "女士")))
def test_a_name_has_one_spelling(name: str, gap: str, title: str) -> None:
    assert keys_of(name=name) == keys_of(name=gap + gap.join(name) + title + gap)


@given(HAN)
def test_what_a_masked_name_shows_meets_the_full_one(name: str) -> None:
    full = keys_of(name=name)
    surname = names.parse(name)
    assert surname is not None
    masked = keys_of(name=surname.surname.ljust(len(name), "*"))
    if len(name) > len(surname.surname):
        assert masked.keys() == {"surname", "surname_pinyin", "name_masked"} == alike(full, masked)


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        ("张伟", "章炜", {"pinyin", "pinyin_turned", "surname_pinyin", "given_pinyin", "initials"}),
        ("吕颖", "LÜ Ying", {"pinyin"}),
        ("王淑华", "wangshuhua", {"pinyin", "surname_pinyin", "initials"}),
        ("曾洋", "Zeng Yang", {"pinyin"}),
        ("欧阳娜", "欧阳芳", {"surname", "surname_pinyin", "name_masked"}),
        ("José Müller", "MULLER, Jose", {"name", "given", "given_letters", "surname_letters"}),
    ],
)
def test_names_that_are_alike_share_what_they_share(one: str, other: str, by: set[str]) -> None:
    found = alike(keys_of(name=one), keys_of(name=other))
    if by != {"pinyin"}:
        assert by <= found
    first, second = keys_of(name=one), keys_of(name=other)
    sounds = {first["pinyin"], first["pinyin_turned"]}
    assert ("pinyin" not in by) or sounds & {second["pinyin"], second.get("pinyin_turned")}
    assert one != other
    assert first["name"] != second["name"] or "name" in by


@given(st.text("abcdefgh", min_size=5, max_size=9), st.data())
def test_letters_that_are_alike_share_most_bits(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    typo = word[:at] + "z" + word[at + 1 :]
    one, other = (
        int.from_bytes(keys_of(given=each, surname="x")["given_letters"], "little")
        for each in (word, typo)
    )
    assert 2 * (one & other).bit_count() / (one.bit_count() + other.bit_count()) > 0.35


@given(DATES)
def test_a_birthday_has_one_spelling_and_a_placeholder_none(day: str) -> None:
    assert keys_of(birthday=day) == keys_of(birthday=day.replace("-", "/"))
    assert not keys_of(birthday="1990-01-01")


RECORDS = st.fixed_dictionaries(
    {"name": HAN, "phone": DIGITS, "birthday": DATES, "region": HAN},
    optional={"email": st.sampled_from(("zhang.san@mail.cn", "li4@mail.cn")), "card_no": DIGITS},
)


@given(RECORDS)
def test_nothing_is_in_the_clear_and_every_programme_has_its_own(record: dict[str, str]) -> None:
    found = MATCHER.derive(record)
    for value in record.values():
        assert len(value) < 3 or value.encode() not in found
    others = matcher(bytes(32)).derive(record)
    for name, at in LAYOUT.items():
        mine, theirs = (each[8 * at.start : 8 * at.stop] for each in (found, others))
        assert not any(mine) or mine != theirs, name


def test_features_share_no_key() -> None:
    found = keys_of(given="anna", surname="anna", street="anna", state="anna", source="anna")
    words = [found[name] for name in ("given", "surname", "street", "state", "source")]
    assert len(set(words)) == len(words)
    assert len({found[name] for name in FILTERS if name in found}) == 3


@pytest.mark.parametrize(
    "record",
    [
        {"phone": "13800138000"},
        {"phone": "12"},
        {"email": "nobody"},
        {"birthday": "yesterday"},
        {"name": "  "},
        {"name": "***"},
        {"gender": "?"},
    ],
)
def test_what_cannot_be_read_is_not_known(record: dict[str, str]) -> None:
    assert not keys_of(**record)


def test_an_address_comes_apart() -> None:
    one = keys_of(address="上海市浦东新区世纪大道100号")
    other = keys_of(region="上海市浦东新区", street="世纪大道", street_number="100")
    assert one == other
    assert {"region", "street", "street_letters", "street_number"} == one.keys()


def test_identifiers_are_hashed_as_their_blind_indexes_are() -> None:
    vault = Vault(Keys(SECRET), Ring("test"))
    index = digest_of(vault.index(Kind.EMAIL, "a@b.cn"))
    assert keys_of(email="A@B.cn")["email"] == index[:8]
