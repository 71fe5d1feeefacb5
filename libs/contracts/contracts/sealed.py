"""The grammar of sealed values: how one personal string looks behind the gateway.

Sealed:      hy2.<suite><m|p><version>[-<generation>].<kind>.<subject>.<ciphertext>[.<blind index>]
Index only:  hyx1.<kind>.<blind index>      (a question "whose is this?", nothing to open)

`suite` is one letter: a for AES-256-GCM with HMAC-SHA256, s for SM4-GCM with HMAC-SM3. `m` says
that the key is the member's own and `subject` the member's UUID; `p` that it is the programme's,
because no member is known yet, and `subject` the digest of an identifier, or of the value itself;
it is left out where that is the blind index of the same token. `generation` counts how often whom
the subject names was erased. All binary parts are unpadded base64url.

Services treat a token as opaque text and read only `.index`. `hy1.<version>.<kind>.<subject>.…` is
what installations wrote before members had keys of their own; it is read, and written no more.
"""

import base64
import re
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from contracts.classification import Kind

SEALED_PREFIX = "hy2."
OLD_PREFIX = "hy1."
INDEX_PREFIX = "hyx1."
PREFIXES = (SEALED_PREFIX, OLD_PREFIX, INDEX_PREFIX)
TOKENS = re.compile(r"hy[12]\.[A-Za-z0-9_-]+\.[a-z_]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_.-]+")

_KINDS = {str(kind): kind for kind in Kind}


def b64(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Inverse of `b64`; raises ValueError on anything else."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A parsed token. `index` is the key under which equal values meet: `<kind>:<blind index>`.

    `suite` is empty for a token of the old form, which does not say whose key it is under.
    """

    kind: Kind
    key_version: int = 0
    subject: bytes = b""
    ciphertext: bytes = b""
    blind_index: str | None = None
    suite: str = ""
    of_member: bool = True
    generation: int = 0

    @classmethod
    def parse(cls, token: str) -> Self:
        """Read a token of any form. Raises ValueError if it is none."""
        parts = token.split(".")
        form = parts[0]
        if form == "hyx1" and len(parts) == 3:
            return cls(kind=Kind(parts[1]), blind_index=parts[2])
        if form not in ("hy1", "hy2") or len(parts) not in (5, 6):
            raise ValueError("not a sealed token")
        index = parts[5] if len(parts) == 6 else None
        kind, sealed = _KINDS.get(parts[2]), unb64(parts[4])
        if kind is None:
            raise ValueError("not a sealed token")
        if form == "hy1":
            return cls(kind, int(parts[1]), unb64(parts[3]), sealed, index)
        key, _, generation = parts[1].partition("-")
        if key[1:2] not in ("m", "p"):
            raise ValueError("not a sealed token")
        subject = unb64(parts[3] or index or "")
        return cls(
            kind, int(key[2:]), subject, sealed, index, key[0], key[1] == "m", int(generation or 0)
        )

    def __str__(self) -> str:
        tail = f".{self.blind_index}" if self.blind_index else ""
        if not self.ciphertext:
            return f"{INDEX_PREFIX}{self.kind}{tail}"
        subject, sealed = b64(self.subject), b64(self.ciphertext)
        if not self.suite:
            return f"{OLD_PREFIX}{self.key_version}.{self.kind}.{subject}.{sealed}{tail}"
        if not self.of_member and subject == self.blind_index:
            subject = ""
        whose = "m" if self.of_member else "p"
        again = f"-{self.generation}" if self.generation else ""
        head = f"{SEALED_PREFIX}{self.suite}{whose}{self.key_version}{again}"
        return f"{head}.{self.kind}.{subject}.{sealed}{tail}"

    @property
    def index(self) -> str:
        """`<kind>:<blind index>`; raises ValueError where the value is not indexed."""
        if self.blind_index is None:
            raise ValueError(f"{self.kind} is not indexed")
        return f"{self.kind}:{self.blind_index}"

    def bound_to(self, member_id: UUID) -> bool:
        """Whether the ciphertext was sealed for this member."""
        return self.of_member and self.subject == member_id.bytes


def is_token(value: object) -> bool:
    """Whether a value is a sealed or index-only token (by its prefix)."""
    return isinstance(value, str) and value.startswith(PREFIXES)
