"""One look at many texts: which of them could possibly hold a personal value.

Looking at every field costs more than all the rest of taking a message. So the free data of a
whole request is looked at as one text, by searches that run at the speed of memory. What they do
not find is not there (a test holds that against `detect.looks_personal`); what they do find is only
a suspicion, and gets the careful look.
"""

import re
from collections.abc import Sequence

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
_EXPONENT_SHAPE = b"0e"
_EXPONENT = re.compile(rb"[0-9][eE][-+]?[0-9]+\s*[,}\]]")  # a number that may be written out


def suspects(texts: Sequence[str]) -> set[int]:
    """The places of those that could hold something personal."""
    whole = "\n".join(texts).encode()
    if not (shapes := _shapes_in(whole)) and _is_plain(whole):
        return set()
    return {n for n, text in enumerate(texts) if _is_suspect(text.encode(), shapes)}


def suspect_documents(texts: Sequence[bytes], whole: bytes) -> set[int]:
    """The same for JSON documents in UTF-8; those with escapes are suspects.

    `whole` is all of them with commas between, which no number has.
    """
    shapes = _shapes_in(whole)
    escapes = b"\\" in whole
    exponents = _EXPONENT_SHAPE in whole.translate(_SHAPES) and _EXPONENT.search(whole) is not None
    if not (shapes or escapes or exponents) and _is_plain(whole):
        return set()
    return {
        n
        for n, text in enumerate(texts)
        if _is_suspect(text, shapes) or b"\\" in text or (exponents and _EXPONENT.search(text))
    }


def _shapes_in(text: bytes) -> list[bytes]:
    shapes = text.translate(_SHAPES)
    return [shape for shape in _SUSPICIOUS if shape in shapes]


def _is_suspect(text: bytes, shapes: Sequence[bytes]) -> bool:
    seen = text.translate(_SHAPES)
    return any(shape in seen for shape in shapes) or not _is_plain(text)


def _is_plain(text: bytes) -> bool:
    return text.isascii() or not text.translate(None, _PLAIN)
