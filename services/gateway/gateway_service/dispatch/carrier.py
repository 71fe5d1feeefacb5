"""What a channel's plug-in is: one class a provider, in `egress/channels`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Receipt, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """A provider's call with receipts, read; and the answer that it wants to hear."""

    receipts: Sequence[Receipt]
    answer: bytes = b""
    media_type: str = "application/json"


class Keyed(Protocol):
    """What a key is for."""

    @property
    def delivery_id(self) -> UUID:
        """Of the message."""
        ...


class Carrier(Protocol):
    """Carries messages to one provider.

    Addresses and texts are in the letters only, for the length of a call; what comes back is codes.
    None of the methods raises for what a provider or the network does.
    """

    @property
    def name(self) -> str:
        """As settings and receipts' addresses call it."""
        ...

    @property
    def rate(self) -> Rate:
        """What it takes, of all gateways together."""
        ...

    @property
    def loss(self) -> Loss:
        """What can be done once an answer was lost."""
        ...

    async def stock(self, number: int) -> int:
        """Have idempotency keys for so many, where the provider gives them out; for how many there
        are any. Called outside of any transaction."""
        ...

    def keys(self, messages: Sequence[Keyed]) -> Sequence[str]:
        """One for each, out of the stock; or the delivery's own id."""
        ...

    async def send(self, letter: Letter) -> Outcome:
        """One call. LOST unless it is certain what became of it."""
        ...

    async def ask(self, letter: Letter) -> Outcome:
        """Whether the provider has it: ACCEPTED, ABSENT, or LOST where it does not say."""
        ...

    def told(self, query: Mapping[str, str], body: bytes) -> Told:
        """Receipts that the provider posts. Raises ValueError for what is none, or not its own."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...


class Plain:
    """What carriers have in common that neither stock keys nor are asked or told anything."""

    async def stock(self, number: int) -> int:
        """Nothing to stock: the delivery's own id is the key."""
        return number

    def keys(self, messages: Sequence[Keyed]) -> Sequence[str]:
        """The deliveries' ids."""
        return [each.delivery_id.hex for each in messages]

    async def ask(self, letter: Letter) -> Outcome:
        """There is nobody to ask."""
        return Outcome(Verdict.LOST)

    def told(self, query: Mapping[str, str], body: bytes) -> Told:
        """It has no receipts."""
        raise ValueError("no receipts")

    async def close(self) -> None:
        """Nothing is kept open."""
