"""The grammar of sealed values: how one personal string looks behind the gateway.

Sealed:      hy1.<key version>.<kind>.<subject>.<nonce+ciphertext>[.<blind index>]
Index only:  hyx1.<kind>.<blind index>      (a question "whose is this?", nothing to open)

`subject` is the base64url of 16 bytes: the member's UUID, or the first 16 bytes of the blind index
where no member is known yet. All binary parts are unpadded base64url. Services treat a token as
opaque text and read only `.index`.
"""

import base64
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from contracts.classification import Kind

SEALED_PREFIX = "hy1."
INDEX_PREFIX = "hyx1."


def b64(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Inverse of `b64`; raises ValueError on anything else."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A parsed token. `index` is the key under which equal values meet: `<kind>:<blind index>`."""

    kind: Kind
    key_version: int = 0
    subject: bytes = b""
    ciphertext: bytes = b""
    blind_index: str | None = None

    @classmethod
    def parse(cls, token: str) -> Self:
        """Read a token of either form. Raises ValueError if it is neither."""
        parts = token.split(".")
        if token.startswith(INDEX_PREFIX) and len(parts) == 3:
            return cls(kind=Kind(parts[1]), blind_index=parts[2])
        if token.startswith(SEALED_PREFIX) and len(parts) in (5, 6):
            return cls(
                kind=Kind(parts[2]),
                key_version=int(parts[1]),
                subject=unb64(parts[3]),
                ciphertext=unb64(parts[4]),
                blind_index=parts[5] if len(parts) == 6 else None,
            )
        raise ValueError("not a sealed token")

    def __str__(self) -> str:
        if not self.ciphertext:
            return f"{INDEX_PREFIX}{self.kind}.{self.blind_index}"
        head = f"{SEALED_PREFIX}{self.key_version}.{self.kind}.{b64(self.subject)}"
        tail = f".{self.blind_index}" if self.blind_index else ""
        return f"{head}.{b64(self.ciphertext)}{tail}"

    @property
    def index(self) -> str:
        """`<kind>:<blind index>`; raises ValueError where the value is not indexed."""
        if self.blind_index is None:
            raise ValueError(f"{self.kind} is not indexed")
        return f"{self.kind}:{self.blind_index}"

    def bound_to(self, member_id: UUID) -> bool:
        """Whether the ciphertext was sealed for this member."""
        return self.subject == member_id.bytes


def is_token(value: object) -> bool:
    """Whether a value is a sealed or index-only token (by its prefix)."""
    return isinstance(value, str) and value.startswith((SEALED_PREFIX, INDEX_PREFIX))
