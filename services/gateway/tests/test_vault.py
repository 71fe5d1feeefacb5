"""Sealing, opening and blind indexes."""

import os
import stat
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import IDENTIFIER_KINDS, Kind
from contracts.sealed import Sealed, b64
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.keys import Keys, open_root_key
from gateway_service.vault.seal import NotOurs, Vault

AT = "identifier.value"
VAULT = Vault(Keys(bytes(range(32))), "test")
FREE = sorted(set(Kind) - {Kind.PHONE, Kind.EMAIL, Kind.BIRTHDAY})
texts = st.text(min_size=1, max_size=64).filter(lambda text: text.strip() and _usable(text))
kinds = st.sampled_from(FREE)


def _usable(text: str) -> bool:
    try:
        text.encode()
        return bool(normalise(Kind.NAME, text))
    except (Unusable, UnicodeEncodeError):
        return False


def opened(token: str, *members: UUID) -> str:
    return VAULT.open(Sealed.parse(token), {member.bytes for member in members}, place=AT)


@given(kinds, texts, st.uuids())
def test_what_is_sealed_opens_for_its_member(kind: Kind, value: str, member: UUID) -> None:
    token = VAULT.seal(kind, value, member, place=AT)
    assert opened(token, member) == normalise(kind, value)
    assert Sealed.parse(token).bound_to(member)
    assert str(Sealed.parse(token)) == token


@given(kinds, texts)
def test_without_a_member_it_is_bound_to_itself(kind: Kind, value: str) -> None:
    assert opened(VAULT.seal(kind, value, None, place=AT)) == normalise(kind, value)


@given(kinds, texts, st.uuids(), st.uuids())
def test_it_does_not_open_for_another_member(
    kind: Kind, value: str, member: UUID, other: UUID
) -> None:
    token = VAULT.seal(kind, value, member, place=AT)
    if member != other:
        with pytest.raises(NotOurs):
            opened(token, other)
        with pytest.raises(NotOurs):  # the ciphertext under another member's name
            moved = token.replace(b64(member.bytes), b64(other.bytes))
            opened(moved, other)


@given(st.sampled_from(FREE), st.sampled_from(FREE), texts, st.uuids())
def test_a_ciphertext_moved_to_another_kind_does_not_open(
    kind: Kind, other: Kind, value: str, member: UUID
) -> None:
    token = VAULT.seal(kind, value, member, place=AT)
    if kind is not other:
        with pytest.raises(NotOurs):
            opened(token.replace(f".{kind}.", f".{other}.", 1), member)


@given(texts, st.uuids(), st.data())
def test_a_changed_byte_does_not_open(value: str, member: UUID, data: st.DataObject) -> None:
    sealed = Sealed.parse(VAULT.seal(Kind.NAME, value, member, place=AT))
    place = data.draw(st.integers(0, len(sealed.ciphertext) - 1))
    flipped = bytearray(sealed.ciphertext)
    flipped[place] ^= 1
    forged = Sealed(sealed.kind, sealed.key_version, sealed.subject, bytes(flipped))
    with pytest.raises(NotOurs):
        VAULT.open(forged, {member.bytes}, place=AT)


@given(kinds, texts, st.uuids())
def test_another_programme_version_or_root_key_does_not_open(
    kind: Kind, value: str, member: UUID
) -> None:
    sealed = Sealed.parse(VAULT.seal(kind, value, member, place=AT))
    strangers = (Vault(Keys(bytes(range(32))), "other"), Vault(Keys(bytes(32)), "test"))
    for stranger in strangers:
        with pytest.raises(NotOurs):
            stranger.open(sealed, {member.bytes}, place=AT)
    with pytest.raises(NotOurs):
        newer = Sealed(kind, sealed.key_version + 1, sealed.subject, sealed.ciphertext)
        VAULT.open(newer, {member.bytes}, place=AT)


@given(kinds, texts, st.uuids())
def test_sealing_twice_gives_the_same_token(kind: Kind, value: str, member: UUID) -> None:
    assert VAULT.seal(kind, value, member, place=AT) == VAULT.seal(kind, value, member, place=AT)


def test_identifiers_meet_by_index_whoever_they_are_bound_to() -> None:
    member = UUID(int=7)
    for kind in IDENTIFIER_KINDS - {Kind.PHONE, Kind.EMAIL}:
        index = VAULT.index(kind, "A-1")
        assert Sealed.parse(VAULT.seal(kind, " A-1 ", member, place=AT)).index == index
        assert Sealed.parse(VAULT.seal(kind, "Ａ-1", None, place=AT)).index == index
        assert Sealed.parse(VAULT.question(kind, "A-1")).index == index
        assert VAULT.identifier(kind, "A-1") == (index, VAULT.seal(kind, "A-1", None, place=AT))
    assert VAULT.index(Kind.CARD_NO, "A-1") != VAULT.index(Kind.EXTERNAL, "A-1").replace(
        "external", "card_no"
    )


@pytest.mark.parametrize(
    "spelling",
    ["13800138000", "138 0013 8000", "138-0013-8000", "+8613800138000", "8613800138000",
     "0086 138 0013 8000", "１３８００１３８０００", " +86 (138) 0013-8000 "],
)  # fmt: skip
def test_spellings_of_a_phone_number(spelling: str) -> None:
    assert normalise(Kind.PHONE, spelling) == "+8613800138000"


def test_foreign_and_landline_numbers() -> None:
    assert normalise(Kind.PHONE, "+1 650 253 0000") == "+16502530000"
    assert normalise(Kind.PHONE, "010-62345678") == "+861062345678"


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Kind.PHONE, "12345"), (Kind.PHONE, "138****8000"), (Kind.PHONE, "hello"),
     (Kind.EMAIL, "nobody"), (Kind.EMAIL, "a@b"), (Kind.NAME, "  "), (Kind.CARD_NO, ""),
     (Kind.BIRTHDAY, "1990-02-30")],
)  # fmt: skip
def test_unusable_values_are_refused_without_being_repeated(kind: Kind, value: str) -> None:
    with pytest.raises(Unusable) as refused:
        VAULT.seal(kind, value, None, place=AT)
    assert not value.strip() or value not in str(refused.value)


def test_root_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    root = open_root_key(folder)
    assert len(root) == 32 and open_root_key(folder) == root
    assert stat.S_IMODE((folder / "root.key").stat().st_mode) == 0o600
    assert os.listdir(folder) == ["root.key"]
    (folder / "root.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        open_root_key(folder)
