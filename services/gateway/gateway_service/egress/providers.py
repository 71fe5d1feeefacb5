"""Who carries messages: one class a provider, one line in the registry a channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.database import Tx
from contracts.classification import Kind
from gateway_service.dispatch.domain import Content
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
    content: Content
    purpose: str
    until: datetime | None = None  # not sent any more from then on


class Provider(Protocol):
    """Takes messages over."""

    @property
    def address(self) -> Kind | None:
        """The kind of identifier it sends to."""
        ...

    @property
    def nameless(self) -> bool:
        """The message is said or shown by somebody: no name and no link to unsubscribe in it."""
        ...

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> bool:
        """Take them over with `tx`; whether they count as sent by that. If not, whoever carries
        them tells when they are."""
        ...


class Sandbox:
    """Sends nothing: keeps what it would have sent, sealed, in the same transaction."""

    nameless = False

    def __init__(self, vault: Vault, address: Kind) -> None:
        self._vault, self.address = vault, address

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> bool:
        """Into `sandbox_outbox`."""
        seal = self._vault.seal
        known = {m.to.member_id for m in messages if m.to.member_id}
        await self._vault.ready(known, create=True)
        rows = [
            (m.delivery_id, m.to.member_id, m.channel,
             seal(self.address, m.to.address or "", m.to.member_id, place=RECIPIENT),
             seal(Kind.TEXT, m.content.text, m.to.member_id, place=TEXT))
            for m in messages
        ]  # fmt: skip
        await repository.add_sandboxed(tx, rows)
        return True
