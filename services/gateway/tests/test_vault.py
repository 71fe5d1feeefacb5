"""Sealing, opening and blind indexes."""

import hmac
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.classification import IDENTIFIER_KINDS, Kind
from contracts.sealed import Sealed
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.keys import Keys
from gateway_service.vault.mac import Mac
from gateway_service.vault.ring import Erased, NotOurs, NotReady, Ring
from gateway_service.vault.seal import Vault, digest_of, tokens_in
from testkit.vaults import derived_vault

AT = "identifier.value"
MEMBER = UUID(int=9)
ONCE, VAULT = derived_vault(), derived_vault(versions=2)
ELSEWHERE = derived_vault("another", versions=2)
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
    assert str(Sealed.parse(token)) == token and tokens_in([f'{{"x":"{token}"}}'])
    assert VAULT.seal(kind, value, member, place=AT) == token  # ADR 20


@given(kinds, texts)
def test_without_a_member_it_is_bound_to_itself(kind: Kind, value: str) -> None:
    token = VAULT.seal(kind, value, None, place=AT)
    assert opened(token) == normalise(kind, value)
    assert str(Sealed.parse(token)) == token and not Sealed.parse(token).of_member


@given(kinds, texts, st.binary(min_size=16, max_size=16))
def test_or_to_the_identifier_by_which_somebody_is_named(
    kind: Kind, value: str, digest: bytes
) -> None:
    token = VAULT.seal(kind, value, digest, place=AT)
    assert opened(token) == normalise(kind, value) and Sealed.parse(token).subject == digest


MOVES = 10_000


def test_a_ciphertext_moved_anywhere_else_does_not_open() -> None:
    tried = 0

    @settings(max_examples=MOVES // 7 + 1, deadline=None, database=None)
    @given(kinds, texts, st.uuids(), st.uuids(), st.booleans())
    def move(kind: Kind, value: str, member: UUID, other: UUID, known: bool) -> None:
        nonlocal tried
        assume(member != other)
        token = Sealed.parse(VAULT.seal(kind, value, member if known else member.bytes, place=AT))
        another = FREE[(FREE.index(kind) + 1) % len(FREE)]
        moved: list[tuple[Vault, Sealed, str]] = [
            (ELSEWHERE, token, AT),  # another programme with the same members' keys
            (VAULT, token, "contact.value"),  # another table
            (VAULT, token, "identifier.note"),  # another column
            (VAULT, replace(token, kind=another), AT),
            (VAULT, replace(token, subject=other.bytes), AT),
            (VAULT, replace(token, key_version=1), AT),
            (VAULT, replace(token, of_member=not token.of_member), AT),
        ]
        for vault, forged, place in moved:
            with pytest.raises(NotOurs):
                vault.open(forged, {forged.subject}, place=place)
            tried += 1
        if known:
            with pytest.raises(NotOurs):
                VAULT.open(token, {other.bytes}, place=AT)

    move()
    assert tried >= MOVES


@given(texts, st.uuids(), st.data())
def test_a_changed_byte_does_not_open(value: str, member: UUID, data: st.DataObject) -> None:
    sealed = Sealed.parse(VAULT.seal(Kind.NAME, value, member, place=AT))
    place = data.draw(st.integers(0, len(sealed.ciphertext) - 1))
    flipped = bytearray(sealed.ciphertext)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    shorter = data.draw(st.integers(0, len(sealed.ciphertext) - 1))
    for forged in (bytes(flipped), sealed.ciphertext[:shorter], sealed.ciphertext + b"\0"):
        with pytest.raises(NotOurs):
            VAULT.open(replace(sealed, ciphertext=forged), {member.bytes}, place=AT)


def test_forged_numbers_and_suites_do_not_open() -> None:
    sealed = Sealed.parse(VAULT.seal(Kind.NAME, "张三", None, place=AT))
    for forged in (
        replace(sealed, generation=2**32), replace(sealed, generation=1),
        replace(sealed, suite="s"), replace(sealed, suite="z"), replace(sealed, subject=b""),
        replace(sealed, key_version=-1),
    ):  # fmt: skip
        with pytest.raises(NotOurs):
            VAULT.open(forged, {forged.subject}, place=AT)


def test_another_root_does_not_open() -> None:
    stranger = derived_vault(secret=bytes(32), versions=2)
    with pytest.raises(NotOurs):
        stranger.open(Sealed.parse(VAULT.seal(Kind.NAME, "x", MEMBER, place=AT)),
                      {MEMBER.bytes}, place=AT)  # fmt: skip


def test_a_key_that_nobody_made_ready_is_not_waited_for() -> None:
    vault = Vault(Keys(bytes(32)), Ring("test"))
    with pytest.raises(NotReady):
        vault.seal(Kind.NAME, "张三", MEMBER, place=AT)
    with pytest.raises(NotReady):
        vault.has_key(MEMBER)
    vault.ring.hold(MEMBER.bytes, {})
    assert not vault.has_key(MEMBER)
    with pytest.raises(NotReady):
        vault.seal(Kind.NAME, "张三", MEMBER, place=AT)


def test_who_was_erased_is_unreadable_and_may_come_back() -> None:
    vault = derived_vault()
    digest = digest_of(vault.index(Kind.CARD_NO, "A-1"))
    mine = vault.seal(Kind.NAME, "张三", MEMBER, place=AT)
    before = vault.seal(Kind.CARD_NO, "A-1", None, place=AT)
    note = vault.seal(Kind.TEXT, "call 13800138000", digest, place=AT)
    vault.ring.erase({MEMBER.bytes: 1, digest: 1})
    for token in (mine, before, note):
        with pytest.raises(Erased):
            vault.open(Sealed.parse(token), {MEMBER.bytes}, place=AT)
    with pytest.raises(Erased):
        vault.seal(Kind.NAME, "张三", MEMBER, place=AT)
    after = vault.seal(Kind.CARD_NO, "A-1", None, place=AT)
    assert after.startswith("hy2.ap1-1.card_no..") and after != before
    assert vault.open(Sealed.parse(after), (), place=AT) == "A-1"
    assert Sealed.parse(after).index == Sealed.parse(before).index
    with pytest.raises(Erased):
        vault.open(Sealed.parse(OLD[0][0]), {MEMBER.bytes}, place=AT)


OLD = [
    ("hy1.1.phone.AAAAAAAAAAAAAAAAAAAACQ.m8-v9K0b-hrmA_0ogsPEVWZoAcZsvuqBKqwMQo28a36j7ClFqUUZoAc9"
     ".k7nXUCyZ3kJrmQXmkfzZRQ", Kind.PHONE, "+8613800138000"),
    ("hy1.1.name.AAAAAAAAAAAAAAAAAAAACQ.WeSkfGlFdo6Dgt8jrlQHRLSzWLYdUlqr8JL_LekOAIJMzw",
     Kind.NAME, "张三"),
    ("hy1.1.card_no.FEAeSrScsS2sttM-R6Z4eA.HMHmsq0-fwMsqisivn1YkYpjYJjay-41dnRbNE6PcQ"
     ".FEAeSrScsS2sttM-R6Z4eA", Kind.CARD_NO, "A-1"),
    ("hy1.1.text.rvfJFKtjHtbTg2p8Av3W1A.o4CGHc8kSX2c1_ZCPCgDBWI_3OKw61D0ElZLIkHeUys2xF_PEpOmtm9QRNI",
     Kind.TEXT, "call 13800138000"),
]  # fmt: skip


@pytest.mark.parametrize(("token", "kind", "value"), OLD)
def test_the_old_form_is_read_and_sealed_anew(token: str, kind: Kind, value: str) -> None:
    old = Sealed.parse(token)
    assert str(old) == token and not VAULT.fresh(old)
    assert VAULT.open(old, {MEMBER.bytes}, place=AT) == value
    anew = VAULT.reseal(old, place=AT)
    assert VAULT.fresh(Sealed.parse(anew)) and opened(anew, MEMBER) == value
    whose = MEMBER if old.subject == MEMBER.bytes else None
    assert anew == VAULT.seal(kind, value, whose, place=AT)
    if old.blind_index:
        assert Sealed.parse(anew).index == old.index == VAULT.index(kind, value)
    with pytest.raises(NotOurs):
        VAULT.open(replace(old, kind=Kind.ADDRESS), {MEMBER.bytes}, place=AT)


@given(kinds, texts, st.uuids(), st.booleans())
def test_a_newer_version_reads_the_older_one_and_seals_it_anew(
    kind: Kind, value: str, member: UUID, known: bool
) -> None:
    older = Sealed.parse(ONCE.seal(kind, value, member if known else None, place=AT))
    assert older.key_version == 1 and ONCE.fresh(older) and not VAULT.fresh(older)
    newer = VAULT.reseal(older, place=AT)
    assert opened(newer, member) == VAULT.open(older, {member.bytes}, place=AT)
    assert Sealed.parse(newer).key_version == 2


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


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_mac_is_the_standard_librarys(key: bytes, text: bytes) -> None:
    mac = Mac(key)
    for _ in range(2):  # what is kept of the key is not used up
        assert mac.digest(text) == hmac.digest(key, text, "sha256")
