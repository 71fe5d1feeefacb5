"""Who carries messages: one class a provider, one line in the registry a channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from chassis.database import Tx
from contracts.classification import Kind
from gateway_service.egress import repository
from gateway_service.egress.domain import Recipient
from gateway_service.vault.seal import Vault

RECIPIENT, TEXT = "sandbox_outbox.recipient", "sandbox_outbox.text"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A rendered message."""

    delivery_id: UUID
    channel: str
    to: Recipient
    text: str


class Provider(Protocol):
    """Takes messages over. `address` is the kind of identifier it sends to."""

    address: Kind

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> None:
        """Take them over; they count as sent when this returns and `tx` commits."""
        ...


class Sandbox:
    """Sends nothing: keeps what it would have sent, sealed, in the same transaction."""

    def __init__(self, vault: Vault, address: Kind) -> None:
        self._vault, self.address = vault, address

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> None:
        """Into `sandbox_outbox`."""
        seal = self._vault.seal
        known = {m.to.member_id for m in messages if m.to.member_id}
        await self._vault.ready(known, create=True)
        rows = [
            (m.delivery_id, m.to.member_id, m.channel,
             seal(self.address, m.to.address, m.to.member_id, place=RECIPIENT),
             seal(Kind.TEXT, m.text, m.to.member_id, place=TEXT))
            for m in messages
        ]  # fmt: skip
        await repository.add_sandboxed(tx, rows)


def providers(vault: Vault) -> dict[str, Provider]:
    """The provider of each channel."""
    return {"sms": Sandbox(vault, Kind.PHONE)}
