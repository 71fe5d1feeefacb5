"""Codes that nobody guesses and everybody can type: 80 random bits and a check character.

Crockford's alphabet (no I, L, O, U). The check character is the sum of the others, each times
another power of a generator of GF(32): it finds every wrong character and every swap of neighbours.
"""

import base64
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BYTES, LENGTH = 10, 17
_RFC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_VALUES = bytes.maketrans(_RFC, bytes(range(32)))
_TO_CODE = bytes.maketrans(bytes(range(32)), ALPHABET.encode())
_FROM_CODE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OIL", "011")


def _times(value: int, times: int) -> int:
    """value · 2^times in GF(32) modulo x^5 + x^2 + 1."""
    for _ in range(times):
        value <<= 1
        if value & 32:
            value ^= 0b100101
    return value


_TABLES = [bytes(_times(value, place + 1) for value in range(32)) for place in range(LENGTH - 1)]


def make(count: int, prefix: str = "") -> list[str]:
    """So many fresh codes."""
    random = base64.b32encode(secrets.token_bytes(RANDOM_BYTES * count)).translate(_TO_VALUES)
    codes = []
    for start in range(0, len(random), LENGTH - 1):
        body = random[start : start + LENGTH - 1]
        code = (body + bytes([_check(body)])).translate(_TO_CODE)
        codes.append(prefix + code.decode())
    return codes


def readings(typed: str) -> set[str]:
    """What somebody may mean who typed this: as it is, or tidied where its check agrees."""
    tidy = "".join(typed.split()).replace("-", "").upper()
    tidy = tidy[:-LENGTH] + tidy[-LENGTH:].translate(_MISREAD)
    return {typed, tidy} if is_sound(tidy) else {typed}


def is_sound(code: str) -> bool:
    """Whether the check character of a code of ours agrees with the others."""
    values = [_FROM_CODE.get(symbol, -1) for symbol in code[-LENGTH:]]
    if len(values) != LENGTH or -1 in values:
        return False
    return _check(bytes(values[:-1])) == values[-1]


def _check(body: bytes) -> int:
    check = 0
    for table, value in zip(_TABLES, body, strict=True):
        check ^= table[value]
    return check
