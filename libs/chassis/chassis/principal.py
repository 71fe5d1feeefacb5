"""Who is calling, as the gateway tells an inner service."""

from dataclasses import dataclass
from uuid import UUID

from contracts.roles import Role

HEADER = "x-huiyuan-principal"
TOKEN_HEADER = "x-huiyuan-internal"


@dataclass(frozen=True, slots=True)
class Principal:
    """The token's holder. `member_id` is set for role `member` only."""

    role: Role
    subject: str
    member_id: UUID | None = None
    purpose: str | None = None

    def header(self) -> str:
        """`role;subject;member_id;purpose`, for `x-huiyuan-principal`."""
        return f"{self.role};{self.subject};{self.member_id or ''};{self.purpose or ''}"

    @classmethod
    def from_header(cls, value: str) -> "Principal":
        """Inverse of `header`. Raises ValueError."""
        role, subject, member, purpose = value.split(";")
        return cls(Role(role), subject, UUID(member) if member else None, purpose or None)
