"""Who is calling, as the gateway tells an inner service."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote
from uuid import UUID

from contracts.roles import Role

HEADER = "x-huiyuan-principal"
TOKEN_HEADER = "x-huiyuan-internal"
IMPERSONAL = "x-huiyuan-impersonal"  # there: the answer must draw no conclusions about the member


@dataclass(frozen=True, slots=True)
class Principal:
    """The token's holder. `member_id` is set for role `member` only.

    `store` is the one that a till or a guide works in; `stepped_up` says that a second factor was
    shown within the last minutes. `signed_in_at` and `project`, the client that the holder came
    through, stay in the gateway.
    """

    role: Role
    subject: str
    member_id: UUID | None = None
    purpose: str | None = None
    store: str | None = None
    stepped_up: bool = False
    signed_in_at: datetime | None = None
    project: str | None = None

    def header(self) -> str:
        """`role;subject;member_id;purpose;store;stepped_up`, for `x-huiyuan-principal`.

        A store's name may be any text, so it is quoted as in a URL; `stepped_up` is `1` or empty.
        """
        return (
            f"{self.role};{self.subject};{self.member_id or ''};{self.purpose or ''}"
            f";{quote(self.store, safe='') if self.store else ''};{'1' if self.stepped_up else ''}"
        )

    @classmethod
    def from_header(cls, value: str) -> "Principal":
        """Inverse of `header`. Raises ValueError."""
        role, subject, member, purpose, store, stepped_up = value.split(";")
        return cls(
            Role(role),
            subject,
            UUID(member) if member else None,
            purpose or None,
            unquote(store) or None,
            stepped_up == "1",
        )
