"""Cipher suites by published vectors, side by side, and why a MAC stands before each ciphertext."""

from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.base import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from contracts.classification import Kind
from contracts.sealed import Sealed
from gateway_service.vault.ring import NotOurs
from gateway_service.vault.seal import COMMITTED_BYTES, Vault
from gateway_service.vault.suites import SUITES, expand
from testkit.vaults import derived_vault

AES_SUITE, SM4_SUITE = SUITES["a"], SUITES["s"]
AT = "member.name"
MEMBER = UUID(int=9)


def test_sm4_gcm_of_rfc_8998() -> None:
    """Appendix A.1."""
    cipher = SM4_SUITE.cipher(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    aad = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([byte]) * 8 for byte in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert cipher.encrypt(nonce, plain, aad) == sealed
    assert cipher.decrypt(nonce, sealed, aad) == plain
    for forged in (sealed[:-1] + b"\0", b"\0" + sealed[1:], b"short"):
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, forged, aad)


@pytest.mark.parametrize(
    ("key", "data", "mac"),
    [
        (bytes(range(1, 33)), b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
         "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"),
        (bytes(range(1, 38)), b"\xcd" * 50,
         "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae"),
        (b"\x0b" * 32, b"Hi There",
         "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e"),
        (b"Jefe", b"what do ya want for nothing?",
         "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882"),
    ],
)  # fmt: skip
def test_hmac_sm3_of_gmt_0042(key: bytes, data: bytes, mac: str) -> None:
    assert SM4_SUITE.mac(key, data).hex() == mac


def test_hkdf_expand_of_rfc_5869() -> None:
    """Appendix A.1 and A.2, from the extracted key on."""
    prk = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    info = bytes(range(0xF0, 0xFA))
    assert expand(AES_SUITE, bytes.fromhex(prk), info, 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    prk = "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244"
    assert expand(AES_SUITE, bytes.fromhex(prk), bytes(range(0xB0, 0x100)), 82).hex() == (
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87"
    )


def test_both_suites_are_read_side_by_side() -> None:
    western, chinese = derived_vault(), derived_vault(suite="s")
    one = western.seal(Kind.NAME, "张三", MEMBER, place=AT)
    two = chinese.seal(Kind.NAME, "张三", MEMBER, place=AT)
    assert one.startswith("hy2.am1.") and two.startswith("hy2.sm1.")
    for vault in (western, chinese):
        for token in (one, two):
            assert vault.open(Sealed.parse(token), {MEMBER.bytes}, place=AT) == "张三"
    assert chinese.reseal(Sealed.parse(one), place=AT) == two
    with pytest.raises(NotOurs):
        western.open(replace(Sealed.parse(one), suite="s"), {MEMBER.bytes}, place=AT)


def _times(x: int, y: int) -> int:
    """GF(2^128) as GCM has it (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _inverse(x: int) -> int:
    """x^(2^128 - 2)."""
    found, square = 1 << 127, x
    for _ in range(127):
        square = _times(square, square)
        found = _times(found, square)
    return found


def _block(key: bytes, block: bytes) -> int:
    return int.from_bytes(Cipher(AES(key), ECB()).encryptor().update(block))


def two_keys(one: bytes, two: bytes, nonce: bytes, aad: bytes) -> bytes:
    """A ciphertext of two blocks and a tag that AES-GCM opens under both keys: the tag is linear
    in the second block, so that one equation makes the tags equal."""
    first = b"whatever is sent"
    padded = aad + bytes(-len(aad) % 16)
    blocks = [padded[n : n + 16] for n in range(0, len(padded), 16)] + [first]
    lengths = int.from_bytes((8 * len(aad)).to_bytes(8) + (8 * 32).to_bytes(8))

    def fixed(key: bytes) -> tuple[int, int]:
        """Everything of the tag but the second block, and that block's factor."""
        h, total = _block(key, bytes(16)), 0
        for block in blocks:
            total = _times(total ^ int.from_bytes(block), h)
        squared = _times(h, h)
        whole = _times(total, squared) ^ _times(lengths, h)
        return whole ^ _block(key, nonce + b"\0\0\0\1"), squared

    (rest_one, factor_one), (rest_two, factor_two) = fixed(one), fixed(two)
    second = _times(rest_one ^ rest_two, _inverse(factor_one ^ factor_two))
    tag = rest_one ^ _times(second, factor_one)
    return first + second.to_bytes(16) + tag.to_bytes(16)


def test_a_ciphertext_that_opens_under_two_keys_opens_under_neither() -> None:
    """AES-GCM does not commit to its key; what we make of it does."""
    vaults: tuple[Vault, Vault] = derived_vault(), derived_vault(secret=bytes(32))
    nonce, token = bytes(12), Sealed.parse(vaults[0].seal(Kind.NAME, "x", MEMBER, place=AT))
    binding = vaults[0]._bound("a", AT, Kind.NAME) + MEMBER.bytes + bytes([0, 0, 0, 1, 0, 0, 0, 0])
    keys = []
    for vault in vaults:
        raw = vault.ring.newest(MEMBER.bytes)._key
        keys.append(expand(AES_SUITE, raw, b"huiyuan|seal|a|1|member.name", 32))
    sealed = two_keys(keys[0], keys[1], nonce, binding)
    opened = {AESGCM(key).decrypt(nonce, sealed, binding) for key in keys}
    assert len(opened) == 2  # the attack works on AES-GCM itself
    for mark in (nonce + bytes(COMMITTED_BYTES - 12), token.ciphertext[:COMMITTED_BYTES]):
        for vault in vaults:
            with pytest.raises(NotOurs):
                vault.open(replace(token, ciphertext=mark + sealed), {MEMBER.bytes}, place=AT)
