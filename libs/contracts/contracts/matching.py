"""Match keys: what identity has of a record instead of its values, to see whether two are alike.

A record is `WORDS` unsigned 64-bit words, little-endian. A word is a keyed hash (0: nothing known),
equal for equal values of one feature and unlike that of any other; or a quarter of a filter, 256
bits of which every pair of letters sets one. The gateway derives them before it seals
(`gateway_service.vault.matchkeys`), under keys only it has. ADR 34.
"""

from typing import Annotated

from pydantic import Base64Bytes, Field

from contracts.classification import IDENTIFIER_KINDS, Kind, internal

IDENTIFIERS = tuple(kind.value for kind in Kind if kind in IDENTIFIER_KINDS)
FILTER_WORDS = 4
PHONE_NEAR = 10
BIRTHDAY_NEAR = 7

_TOKENS = (
    *IDENTIFIERS,
    "phone_masked",  # first three and last four digits: what 138****1234 shows
    "phone_tail",  # last four digits
    "name",
    "surname",
    "given",
    "name_masked",  # surname and length: what 王** shows
    "pinyin",  # the whole name as it sounds, without tones
    "pinyin_turned",  # the same, surname last
    "surname_pinyin",
    "given_pinyin",
    "initials",
    "surname_sound",  # Latin script only: Metaphone
    "given_sound",
    "birthday",
    "birth_year",
    "birth_month_day",
    "birthday_swapped",  # year, and month and day in ascending order
    "email_local",
    "email_domain",
    "region",
    "street",
    "street_more",
    "street_number",
    "locality",
    "postcode",
    "state",
    "gender",
    "card_tail",
    "source",
)
_SEVERAL = {"phone_near": PHONE_NEAR, "birthday_near": BIRTHDAY_NEAR}  # two digits left out each
FILTERS = ("surname_letters", "given_letters", "street_letters", "more_letters", "locality_letters")


def _layout() -> dict[str, slice]:
    lengths = dict.fromkeys(_TOKENS, 1) | _SEVERAL | dict.fromkeys(FILTERS, FILTER_WORDS)
    found, at = {}, 0
    for name, length in lengths.items():
        found[name] = slice(at, at + length)
        at += length
    return found


LAYOUT = _layout()  # feature to its words
WORDS = max(place.stop for place in LAYOUT.values())
BYTES = 8 * WORDS

# As requests behind the gateway carry them.
MatchKeys = Annotated[Base64Bytes | None, Field(min_length=BYTES, max_length=BYTES), internal]
