"""One look at many texts: which of them could possibly hold a personal value.

Looking at every field costs more than all the rest of taking a message. So the free data of a
whole request is looked at as one text, by searches that run at the speed of memory. What they do
not find is not there (a test holds that against `detect.looks_personal`); what they do find is only
a suspicion, and gets the careful look.
"""

import re
from collections.abc import Sequence

_BETWEEN = b"\x00"  # JSON has it only escaped, and requests with an escaped one come not here
# Every digit looks like 0, everything that may stand between digits of a number like -.
_SHAPES = bytes.maketrans(b"123456789. E", b"000000000--e")
_SUSPICIOUS = (
    b"@",  # e-mail
    b"00000000000",  # mobile number, identity number
    b"-0000000",  # landline; 138 00138000
    b"0000000-0000",  # 1380013 8000
    b"-0000-0000",  # 138 0013 8000
)
# Letters that nothing but themselves can be read as: ASCII, and the scripts of U+4000 to U+9FFF.
# Elsewhere are digits of other scripts and wide forms of ours.
_PLAIN = bytes(range(0xC0)) + bytes(range(0xE4, 0xEA))
_EXPONENT = re.compile(rb"[0-9][eE][-+]?[0-9]+\s*[,}\]]")  # a number that may be written out
_EXPONENT_SHAPES = (b"0e0", b"0e-", b"0e+")


def suspects(texts: Sequence[bytes]) -> set[int]:
    """The places of those that could hold something personal; texts are UTF-8 without U+0000."""
    whole = _BETWEEN.join(texts)
    return _suspects(texts, whole, whole.translate(_SHAPES))


def suspect_documents(texts: Sequence[bytes]) -> set[int]:
    """The same for JSON documents as they came; those with escapes are suspects."""
    whole = _BETWEEN.join(texts)
    shapes = whole.translate(_SHAPES)
    found = _suspects(texts, whole, shapes)
    if b"\\" in whole:
        found.update(n for n, text in enumerate(texts) if b"\\" in text)
    if any(shape in shapes for shape in _EXPONENT_SHAPES):
        found.update(n for n, text in enumerate(texts) if _EXPONENT.search(text))
    return found


def _suspects(texts: Sequence[bytes], whole: bytes, shapes: bytes) -> set[int]:
    plain = whole.isascii() or not whole.translate(None, _PLAIN)
    found = [shape for shape in _SUSPICIOUS if shape in shapes]
    if plain and not found:
        return set()
    return {
        n
        for n, (text, shape) in enumerate(zip(texts, shapes.split(_BETWEEN), strict=True))
        if any(each in shape for each in found) or not (plain or not text.translate(None, _PLAIN))
    }
