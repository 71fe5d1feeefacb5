"""Match keys, derived before sealing: keyed hashes by which likeness shows, and nothing else.

Each feature has a key of its own under the programme's secret, so that a hash says nothing across
features, programmes or the blind indexes. What the words mean: `contracts.matching`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise

from jellyfish import metaphone

from contracts.classification import Kind
from contracts.matching import BIRTHDAY_NEAR, BYTES, IDENTIFIERS, LAYOUT, PHONE_NEAR
from gateway_service.vault import names
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.keys import Keys
from gateway_service.vault.names import Name

# What people and tills type to get past a field.
PLACEHOLDER_BIRTHDAYS = frozenset({"1900-01-01", "1970-01-01", "1990-01-01", "2000-01-01"})
PLACEHOLDER_PHONES = frozenset({"+8613800138000", "+8613800000000", "+8613888888888"})
GENDERS = {"male": "m", "m": "m", "男": "m", "female": "f", "f": "f", "女": "f"}
REMEMBERED = 65_536
MASKED_PHONE = re.compile(r"(?:\+?86|0086)?[\s-]*(\d{3})[\s-]*\*{4}[\s-]*(\d{4})")
_TAIL = re.compile(r"\*+\s*(\d{4})")
_REGION = re.compile(
    r"^(?:.{2,}?(?:省|自治区|特别行政区))?(?:.{2,}?[市州盟])?(?:.{2,}?[区县旗市])?"
)
_NUMBER = re.compile(r"(\d+)\s*(?:号|弄|$)")
_OTHER = re.compile(r"[\W_]+")
_FILTER_BITS = 256


class Matcher:
    """Derives match keys. `index` makes blind indexes: identifiers are hashed as those are."""

    def __init__(self, keys: Keys, index: Callable[[Kind, str], bytes]) -> None:
        self._keys, self._index = keys, index
        self._token = lru_cache(REMEMBERED)(self._hash)
        self._bit = lru_cache(REMEMBERED)(self._bit_of)
        self._letters = lru_cache(REMEMBERED)(self._filter)
        self._of_name = lru_cache(REMEMBERED)(self._name)
        self._of_birthday = lru_cache(REMEMBERED)(self._birthday)

    def forget(self) -> None:
        """Keep no value in memory: somebody was erased."""
        for cache in (self._token, self._bit, self._letters, self._of_name, self._of_birthday):
            cache.cache_clear()

    def derive(self, record: Mapping[str, str]) -> bytes:
        """`BYTES` bytes of a record.

        Its fields: identifiers by kind; name, or given and surname; birthday, gender, source;
        address, or region, street, street_more, street_number, locality, postcode, state. What
        cannot be read counts as not known.
        """
        words = bytearray(BYTES)
        for kind in IDENTIFIERS:
            if value := record.get(kind):
                self._identifier(words, Kind(kind), value)
        given, surname = record.get("given", ""), record.get("surname", "")
        if given or surname or record.get("name"):
            self._join(words, self._of_name(record.get("name", ""), given, surname))
        if birthday := record.get("birthday"):
            self._join(words, self._of_birthday(birthday))
        if gender := GENDERS.get(record.get("gender", "").strip().lower()):
            self._put(words, "gender", gender)
        if source := record.get("source"):
            self._put(words, "source", source)
        self._address(words, record)
        return bytes(words)

    def _identifier(self, words: bytearray, kind: Kind, value: str) -> None:
        if kind is Kind.PHONE and (masked := MASKED_PHONE.fullmatch(value.strip())):
            self._put(words, "phone_masked", masked[1] + masked[2])
            self._put(words, "phone_tail", masked[2])
            return
        if kind is Kind.CARD_NO and (tail := _TAIL.fullmatch(value.strip())):
            self._put(words, "card_tail", tail[1])
            return
        try:
            plain = normalise(kind, value)
            digest = self._index(kind, value)
        except Unusable:
            return
        if kind is Kind.PHONE:
            if plain in PLACEHOLDER_PHONES:
                return
            self._phone(words, plain.removeprefix("+86"))
        elif kind is Kind.CARD_NO:
            self._put(words, "card_tail", plain[-4:])
        elif kind is Kind.EMAIL:
            local, _, domain = plain.partition("@")
            self._put(words, "email_local", local)
            self._put(words, "email_domain", domain)
        start = 8 * LAYOUT[kind].start
        words[start : start + 8] = digest[:8]

    def _phone(self, words: bytearray, digits: str) -> None:
        self._put(words, "phone_masked", digits[:3] + digits[-4:])
        self._put(words, "phone_tail", digits[-4:])
        if len(digits) == PHONE_NEAR + 1:
            self._near(words, "phone_near", digits)

    def _near(self, words: bytearray, feature: str, digits: str) -> None:
        """Two neighbouring digits left out, at each place: alike if those alone differ."""
        start = 8 * LAYOUT[feature].start
        for at in range(len(digits) - 1):
            word = self._hash(feature, f"{at}{digits[:at]}**{digits[at + 2 :]}")
            words[start + 8 * at : start + 8 * at + 8] = word

    def _name(self, name: str, given: str, surname: str) -> bytes:
        words = bytearray(BYTES)
        parsed = names.from_parts(given, surname) if given or surname else names.parse(name)
        if parsed is None:
            return bytes(words)
        if parsed.han:
            self._han(words, parsed)
        else:
            self._latin(words, parsed)
        return bytes(words)

    def _han(self, words: bytearray, name: Name) -> None:
        surname, given = names.syllables(name)
        self._put(words, "surname", name.surname)
        self._put(words, "surname_pinyin", surname)
        self._put(words, "name_masked", f"{name.surname}{name.length}")
        if name.masked:
            return
        self._put(words, "name", name.full)
        self._put(words, "pinyin", surname + given)
        self._put(words, "pinyin_turned", given + surname)
        if given:
            self._put(words, "given", name.given)
            self._put(words, "given_pinyin", given)
            sounds = (surname, *map(names.sound_of, name.given))
            self._put(words, "initials", "".join(sound[:1] for sound in sounds))

    def _latin(self, words: bytearray, name: Name) -> None:
        joined = name.full.replace(" ", "").replace("v", "u")
        self._put(words, "name", name.full)
        self._put(words, "pinyin", joined)
        if not name.surname and not name.given:
            read = names.read_as_pinyin(joined)
            if read:
                self._put(words, "surname_pinyin", read[0])
                self._put(words, "initials", "".join(sound[:1] for sound in read))
            return
        turned = (name.surname + name.given).replace(" ", "").replace("v", "u")
        self._put(words, "pinyin_turned", turned)
        for feature, part in (("surname", name.surname), ("given", name.given)):
            if part:
                self._put(words, feature, part)
                self._put(words, f"{feature}_sound", metaphone(part))
                self._put_filter(words, f"{feature}_letters", part)

    def _birthday(self, text: str) -> bytes:
        words = bytearray(BYTES)
        digits = re.sub(r"\D", "", text)
        if len(digits) != BIRTHDAY_NEAR + 1 or f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" in (
            PLACEHOLDER_BIRTHDAYS
        ):
            return bytes(words)
        year, month, day = digits[:4], digits[4:6], digits[6:]
        self._put(words, "birthday", digits)
        self._put(words, "birth_year", year)
        self._put(words, "birth_month_day", month + day)
        self._put(words, "birthday_swapped", year + "".join(sorted((month, day))))
        self._near(words, "birthday_near", digits)
        return bytes(words)

    def _address(self, words: bytearray, record: Mapping[str, str]) -> None:
        fields = dict(record)
        if whole := record.get("address"):
            fields |= _parts_of(names.plain_letters(whole))
        for feature in ("region", "street_number", "postcode", "state"):
            if value := _tidy(fields.get(feature, "")):
                self._put(words, feature, value)
        for feature, letters in (
            ("street", "street_letters"), ("street_more", "more_letters"),
            ("locality", "locality_letters"),
        ):  # fmt: skip
            if value := _tidy(fields.get(feature, "")):
                self._put(words, feature, value)
                self._put_filter(words, letters, value)

    def _put(self, words: bytearray, feature: str, text: str) -> None:
        start = 8 * LAYOUT[feature].start
        words[start : start + 8] = self._token(feature, text)

    def _put_filter(self, words: bytearray, feature: str, text: str) -> None:
        place = LAYOUT[feature]
        words[8 * place.start : 8 * place.stop] = self._letters(feature, text)

    def _join(self, words: bytearray, part: bytes) -> None:
        """Words of one field into the record's: no two fields share a word."""
        joined = int.from_bytes(words, "little") | int.from_bytes(part, "little")
        words[:] = joined.to_bytes(BYTES, "little")

    def _hash(self, feature: str, text: str) -> bytes:
        return self._keys.match_mac(feature).digest(text.encode())[:8]

    def _filter(self, feature: str, text: str) -> bytes:
        """Pairs of letters, neighbours and next but one, the ends marked."""
        ended = f"^{text}$"
        pairs = [a + b for a, b in pairwise(ended)]
        pairs += [f"{a}_{b}" for a, b in zip(ended, ended[2:], strict=False)]
        bits = 0
        for pair in pairs:
            bits |= self._bit(feature, pair)
        return bits.to_bytes(_FILTER_BITS // 8, "little")

    def _bit_of(self, feature: str, pair: str) -> int:
        return 1 << (int.from_bytes(self._hash(feature, pair), "little") % _FILTER_BITS)


def _tidy(text: str) -> str:
    return _OTHER.sub(" ", names.plain_letters(text)).strip() if text else ""


def _parts_of(address: str) -> dict[str, str]:
    """An address in one line: its region, its number, and the street between."""
    head = _REGION.match(address)
    region = head[0] if head else ""
    rest = address[len(region) :]
    number = _NUMBER.search(rest)
    street = rest[: number.start()] if number else rest
    return {"region": region, "street": street, "street_number": number[1] if number else ""}
