"""Whether and how a message may leave."""

from collections.abc import Container
from dataclasses import dataclass
from uuid import UUID

from gateway_service.consent.domain import MARKETING, Key

NO_CONSENT = "no_consent"
NO_GUARDIAN = "no_guardian"  # a child whose guardian has not agreed
NO_ADDRESS = "no_address"
NO_MEMBER = "no_member"
NO_CHANNEL = "no_channel"
EXPIRED = "expired"  # too late: quiet hours have begun
SUPPRESSED = "suppressed"  # nothing is sent to this address, whatever was agreed to
TRANSACTIONAL = "transactional"
CODE = "code"  # to sign in or to prove a number: asked for by whoever has it
# Nobody is asked for marketing at the till or by webhook: there it is something else.
_OF_ANOTHER_PURPOSE = {
    (MARKETING, "pos"): Key("personalised_recommendation"),
    (MARKETING, "webhook"): Key("third_party_sharing"),
}
_NAMELESS = "会员"
_LINK = "{unsubscribe}"
_LAST_WORDS = {"zh": f" 退订：{_LINK}", "en": f" Unsubscribe: {_LINK}"}
GUARDIAN = Key("guardian")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes: opened for the moment of sending. `address` None: the channel needs
    none, as a till that the member stands at."""

    member_id: UUID | None  # None: whoever has the address, as for a code to sign in
    address: str | None
    name: str | None


def needs(purpose: str, channel: str) -> Key | None:
    """The consent that a message needs.

    What concerns a member's own order or points is not marketing and needs none. A purpose that
    nobody knows needs one that nobody has.
    """
    if purpose == TRANSACTIONAL:
        return None
    return _OF_ANOTHER_PURPOSE.get((purpose, channel), Key(purpose, channel))


def is_suppressed(
    listed: Container[tuple[str, str]], address: str, purpose: str, channel: str
) -> bool:
    """Whether the list of (address, scope) stops a message: a channel's entry whatever it is about,
    the one for marketing unless it concerns the member's own order or points, or is a code."""
    return (address, channel) in listed or (
        purpose not in (TRANSACTIONAL, CODE) and (address, MARKETING) in listed
    )


def rendered(text: str, name: str | None, link: str | None, language: str) -> str:
    """The text with the name filled in; other braces stay. The link that takes consent back stands
    where the text has it, or at its end."""
    if link is not None:
        if _LINK not in text:
            text += _LAST_WORDS.get(language, _LAST_WORDS["zh"])
        text = text.replace(_LINK, link)
    return named(text, name)


def named(text: str, name: str | None) -> str:
    """The text with the name filled in; other braces stay."""
    return text.replace("{name}", name or _NAMELESS)
