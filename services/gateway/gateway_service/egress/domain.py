"""Whether and how a message may leave."""

from dataclasses import dataclass
from uuid import UUID

from gateway_service.consent.domain import Key

NO_CONSENT = "no_consent"
NO_GUARDIAN = "no_guardian"  # a child whose guardian has not agreed
NO_ADDRESS = "no_address"
NO_MEMBER = "no_member"
NO_CHANNEL = "no_channel"
_NAMELESS = "会员"
GUARDIAN = Key("guardian")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes: opened for the moment of sending."""

    member_id: UUID | None  # None: whoever has the address, as for a code to sign in
    address: str
    name: str | None


def needs(purpose: str, channel: str) -> Key | None:
    """The consent that a message needs.

    What concerns a member's own order or points is not marketing and needs none. A purpose that
    nobody knows needs one that nobody has.
    """
    return None if purpose == "transactional" else Key(purpose, channel)


def rendered(text: str, name: str | None) -> str:
    """The text with the name filled in; other braces stay."""
    return text.replace("{name}", name or _NAMELESS)
