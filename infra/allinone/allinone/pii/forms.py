"""The forms in which a personal value could lie open, and which of them tell anything.

A form is searched for only if a hit is a find and not chance: eight bytes, sixteen hexadecimal
characters, eleven of base64; a number has eleven digits and stands alone. What that leaves out is
counted and said: names of two characters, for example, are six bytes in UTF-8, and those of three
are six in GBK and UTF-16.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, urlencode

FEWEST_DIGITS = 11
_URLSAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Least:
    """The least that counts as no chance: bytes of text, characters of base64."""

    text: int = 8
    base64: int = 11

    def tells(self, form: str, pattern: bytes, value: str) -> bool:
        """Whether a hit of this pattern of a value is a find."""
        if value.isdigit() and len(value) < FEWEST_DIGITS:
            return False
        if form == "base64":
            return len(pattern) >= self.base64
        return len(pattern) >= (2 * self.text if form == "hex" else self.text)


SURE = Least()
SHORT = Least(6, 7)  # names of two characters, too: a hit may be chance


def forms(kind: str, value: str) -> Iterator[tuple[str, bytes]]:
    """(form, bytes) in which a value could appear, the ones too short to tell anything included.

    In UTF-16 what stands between the first and the last byte that are not zero: ASCII looks the
    same in both byte orders then, and zeros, of which files are full, begin no pattern.
    """
    raw = value.encode()
    yield "utf-8", raw
    for order in ("utf-16-le", "utf-16-be"):
        yield "utf-16", value.encode(order).strip(b"\0")
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw)
        inner = text[(0, 2, 3)[offset] : (len(raw) + offset) * 4 // 3]
        yield "base64", inner
        yield "base64", inner.translate(_URLSAFE)
    for quoted in (quote(value), quote_plus(value)):
        if quoted != value:
            yield "url", quoted.encode()
    if not value.isascii():
        escaped = json.dumps(value)[1:-1]
        for spelling in (escaped, escaped.upper().replace("\\U", "\\u")):
            yield "json", spelling.encode()
            yield "json", spelling.replace("\\", "\\\\").encode()  # in a dump, in another JSON
        yield "gbk", value.encode("gb18030")
    if kind == "phone" and len(value) == FEWEST_DIGITS:
        for joiner in (" ", "-"):
            yield "grouped", joiner.join((value[:3], value[3:7], value[7:])).encode()


def plants(kind: str, value: str) -> Iterator[tuple[str, bytes]]:
    """(form, bytes) of the value within a text, as other programs write it: what must be found.

    Made without `forms`, so that a fault there does not prove itself right.
    """
    text = f"<{value}>"
    yield "utf-8", text.encode()
    yield "utf-16", text.encode("utf-16-le")
    yield "utf-16", text.encode("utf-16-be")
    yield "hex", text.encode().hex().encode()
    yield "hex", text.encode().hex().upper().encode()
    for before in ("", "<", "<<"):
        yield "base64", base64.b64encode(f"{before}{value}>".encode())
        yield "base64", base64.urlsafe_b64encode(f"{before}{value}>".encode())
    if quote_plus(value) != value:
        yield "url", urlencode({"q": text}).encode()
    if not value.isascii():
        yield "json", json.dumps({"value": text}).encode()
        yield "json", json.dumps(json.dumps({"value": text})).encode()
        yield "gbk", text.encode("gb18030")
    if kind == "phone" and len(value) == FEWEST_DIGITS:
        yield "grouped", f"<{value[:3]} {value[3:7]} {value[7:]}>".encode()
        yield "grouped", f"<{value[:3]}-{value[3:7]}-{value[7:]}>".encode()
