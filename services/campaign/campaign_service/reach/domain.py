"""Channels as bits of a number, and what news make of them. Pure.

What is told of an id stays with that id: of a member who is several, each is asked (`repository`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.classification import Kind
from contracts.gateway_events import ConsentAnswer

# Their places are kept in the database: new ones go to the end.
CHANNELS = ("sms", "wechat", "miniprogram", "push", "email", "call", "pos", "webhook")
BITS = {channel: 1 << place for place, channel in enumerate(CHANNELS)}
NEEDS_NO_ADDRESS = BITS["pos"] | BITS["webhook"]
ADDRESSES = {
    Kind.PHONE: BITS["sms"] | BITS["call"],
    Kind.WECHAT_OPENID: BITS["wechat"],
    Kind.MINIPROGRAM_OPENID: BITS["miniprogram"],
    Kind.DEVICE_ID: BITS["push"],
    Kind.EMAIL: BITS["email"],
}
# At the till and by webhook nobody is asked for marketing: the gateway wants these instead.
OTHER_PURPOSES = {
    "personalised_recommendation": BITS["pos"],
    "third_party_sharing": BITS["webhook"],
}
# Where a member likes to buy, and what leads there.
_WHERE_IT_BUYS = {
    "miniprogram": "miniprogram",
    "app": "push",
    "wechat": "wechat",
    "pos": "sms",
    "ecommerce": "email",
}


@dataclass(frozen=True, slots=True)
class Flip:
    """Bits of one id that are set, and bits that are not any more."""

    member_id: UUID
    on: int
    off: int


def bits(channels: Iterable[str]) -> int:
    """A set of channels as one number; what is no channel is left out."""
    found = 0
    for channel in channels:
        found |= BITS.get(channel, 0)
    return found


def named(mask: int) -> list[str]:
    """The channels of a number."""
    return [channel for channel, bit in BITS.items() if mask & bit]


def agreed(answers: Sequence[ConsentAnswer]) -> list[Flip]:
    """What answers, in their order, make of what each id has agreed to."""
    flips: dict[UUID, tuple[int, int]] = {}
    for answer in answers:
        bit = OTHER_PURPOSES.get(answer.purpose, 0)
        if answer.purpose == "marketing" and answer.channel:
            bit = BITS.get(answer.channel, 0)
        if bit:
            on, off = flips.get(answer.member_id, (0, 0))
            flips[answer.member_id] = (
                (on | bit, off & ~bit) if answer.granted else (on & ~bit, off | bit)
            )
    return [Flip(member, on, off) for member, (on, off) in flips.items()]


def preferred(tags: Iterable[str]) -> str | None:
    """The channel that leads to where a member likes to buy, by its tags."""
    for tag in tags:
        name, _, value = tag.partition("=")
        if name == "preferred_channel":
            return _WHERE_IT_BUYS.get(value)
    return None
