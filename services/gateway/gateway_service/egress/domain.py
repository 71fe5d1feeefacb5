"""Whether and how a message may leave."""

from dataclasses import dataclass
from uuid import UUID

NO_CONSENT = "no_consent"
NO_ADDRESS = "no_address"
NO_MEMBER = "no_member"
NO_CHANNEL = "no_channel"
_NAMELESS = "会员"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes: opened for the moment of sending."""

    member_id: UUID
    address: str
    name: str | None


def allowed(purpose: str, answer: bool | None) -> bool:
    """The member's answer; without one, what the programme's notice said on enrolment.

    What concerns a member's own order or points is not marketing and needs no consent.
    """
    return purpose != "marketing" or answer is not False


def rendered(text: str, name: str | None) -> str:
    """The text with the name filled in; other braces stay."""
    return text.replace("{name}", name or _NAMELESS)
