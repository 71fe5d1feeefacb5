"""Send what campaign decided, if the member still wants it; tell what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.database import Tx
from chassis.logs import log
from contracts.auditing import Action, Decision
from contracts.classification import Kind
from contracts.events import MessageRequested, MessageSent
from contracts.gateway.dev import SandboxMessage, SandboxPage
from contracts.identity_inner import Addressee
from contracts.sealed import Sealed
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit
from gateway_service.dispatch.domain import Content
from gateway_service.egress import domain, repository
from gateway_service.egress.addresses import newest
from gateway_service.egress.agreement import Wish, refused
from gateway_service.egress.domain import Recipient
from gateway_service.egress.providers import RECIPIENT, TEXT, Outgoing, Provider
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM
from gateway_service.unsubscribe.use_cases import Links
from gateway_service.vault.seal import IDENTIFIERS, NotOurs, Vault

_AT_ONCE = 16


class Egress:
    """Knows where addresses are and who carries messages."""

    def __init__(
        self, inner: InnerClient, vault: Vault, audit: Audit, links: Links,
        providers: Mapping[str, Provider],
    ) -> None:  # fmt: skip
        self._inner, self._vault, self._audit = inner, vault, audit
        self._links, self._providers = links, providers

    async def send(self, tx: Tx, requests: Sequence[MessageRequested]) -> None:
        """Each request ends as sent or refused. Raises Gone while identity is away.

        Consent is asked before anything else, and once more with a lock when all that is left to do
        is to send: a member who withdraws meanwhile neither waits for identity nor gets the
        message.
        """
        willing = await self._agreed(tx, requests)
        people = await self._addressees({request.member_id for request in willing})
        await self._vault.ready_for(*filter(None, map(_sealed_of, people.values())))
        willing = await self._agreed(tx, willing, lock=True)
        for channel, messages in (await self._addressed(tx, willing, people)).items():
            self._audit.record(tx, self._opened(channel, messages))
            if not await self._providers[channel].send(tx, messages):
                continue  # whoever carries them tells
            for message in messages:
                who = message.to.member_id
                tx.publish(MessageSent(message.delivery_id, "sent", None, tx.now, who, channel))

    async def _agreed(
        self, tx: Tx, requests: Sequence[MessageRequested], *, lock: bool = False
    ) -> list[MessageRequested]:
        """Those that the member, and of a child the guardian, has agreed to; others are refused."""
        wishes = [
            Wish(r.delivery_id, r.member_id, r.purpose, r.channel)
            for r in requests
            if r.channel in self._providers
        ]
        why = await refused(tx, wishes, lock=lock)
        willing: list[MessageRequested] = []
        for request in requests:
            if request.channel not in self._providers:
                self._refuse(tx, request, domain.NO_CHANNEL)
            elif request.until is not None and tx.now >= request.until:
                self._refuse(tx, request, domain.EXPIRED)
            elif reason := why.get(request.delivery_id):
                self._refuse(tx, request, reason)
            else:
                willing.append(request)
        return willing

    async def _addressed(
        self, tx: Tx, willing: Sequence[MessageRequested],
        people: Mapping[UUID, Addressee | None],
    ) -> dict[str, list[Outgoing]]:  # fmt: skip
        """Messages by channel, opened; those that have nowhere to go are refused."""
        going: list[tuple[MessageRequested, Addressee, Sealed | None]] = []
        addresses = {r.delivery_id: self._address(people[r.member_id], r) for r in willing}
        listed = await repository.suppressed(tx, {a.index for a in addresses.values() if a})
        for request in willing:
            person, address = people[request.member_id], addresses[request.delivery_id]
            if person is None:
                self._refuse(tx, request, domain.NO_MEMBER)
            elif address is None and self._providers[request.channel].address is not None:
                self._refuse(tx, request, domain.NO_ADDRESS)
            elif address and domain.is_suppressed(
                listed, address.index, request.purpose, request.channel
            ):
                self._refuse(tx, request, domain.SUPPRESSED)
            else:
                going.append((request, person, address))
        linked = [
            (r, each.language)
            for r, each, _ in going
            if domain.needs(r.purpose, r.channel) and not self._providers[r.channel].nameless
        ]
        links = await self._links.give(tx, linked)
        outgoing: dict[str, list[Outgoing]] = {}
        for request, person, address in going:
            to = self._recipient(person, address)
            if to is None:
                self._refuse(tx, request, domain.NO_ADDRESS)
                continue
            if self._providers[request.channel].nameless:
                to = replace(to, name=None)
            link = links.get(request.delivery_id)
            outgoing.setdefault(request.channel, []).append(_written(request, to, link, person))
        return outgoing

    def _opened(self, channel: str, messages: Sequence[Outgoing]) -> Entry:
        """Whose addresses are opened for a provider's call; no values."""
        return Entry(
            action=Action.EGRESS, decision=Decision.PLAIN, operation=f"egress {channel}",
            role=None, subject="gateway",
            members={m.to.member_id for m in messages if m.to.member_id},
            fields=[kind] if (kind := self._providers[channel].address) else [Kind.NAME],
        )  # fmt: skip

    def _refuse(self, tx: Tx, request: MessageRequested, reason: str) -> None:
        """It does not leave, and why."""
        entry = Entry(
            action=Action.EGRESS, decision=Decision.REFUSED, operation=f"egress {reason}",
            role=None, subject="gateway", members=[request.member_id],
        )  # fmt: skip
        self._audit.record(tx, entry)
        to = request.member_id, request.channel
        tx.publish(MessageSent(request.delivery_id, "refused", reason, None, *to))

    async def _addressees(self, members: set[UUID]) -> dict[UUID, Addressee | None]:
        turn = asyncio.Semaphore(_AT_ONCE)

        async def ask(member_id: UUID) -> Addressee | None:
            async with turn:
                answer = await self._inner.request(
                    "identity", "GET", f"/internal/members/{member_id}", SYSTEM
                )
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise Gone("identity")
            return Addressee.model_validate_json(answer.body)

        wanted = sorted(members)
        return dict(zip(wanted, await asyncio.gather(*map(ask, wanted)), strict=True))

    def _address(self, person: Addressee | None, request: MessageRequested) -> Sealed | None:
        """Where it goes, sealed."""
        return newest(person, self._providers[request.channel].address) if person else None

    def _recipient(self, person: Addressee, sealed: Sealed | None) -> Recipient | None:
        """Address and name, opened. Without an address for a channel that needs none."""
        mine = {person.member_id.bytes, *(absorbed.bytes for absorbed in person.absorbed)}
        try:
            address = self._vault.open(sealed, mine, place=IDENTIFIERS) if sealed else None
            name = None
            if person.name:
                name = self._vault.open(Sealed.parse(person.name), mine, place="member.name")
        except (NotOurs, ValueError):
            log.error("sealed_elsewhere", member_id=str(person.member_id))
            return None
        return Recipient(person.member_id, address, name)


def _written(
    request: MessageRequested, to: Recipient, link: str | None, person: Addressee
) -> Outgoing:
    """The message with the name in it. The link to unsubscribe stands in the text; where a template
    of the provider's is filled, or a header says it, by itself as well."""
    fields = {each: domain.named(text, to.name) for each, text in request.fields.items()}
    content = Content(
        text=domain.rendered(request.text, to.name, link, person.language),
        title=domain.named(request.title, to.name) if request.title else None,
        template=request.template, fields=fields, link=request.link, unsubscribe=link,
        language=person.language,
    )  # fmt: skip
    return Outgoing(
        request.delivery_id, request.channel, to, content, request.purpose, request.until
    )


def _sealed_of(person: Addressee | None) -> str:
    return person.model_dump_json() if person else ""


async def sandbox(tx: Tx, vault: Vault, since: int, limit: int) -> SandboxPage:
    """What the sandbox holds, opened (development only)."""
    rows = await repository.sandboxed(tx, since, limit)
    await vault.ready({row.member_id for row in rows if row.member_id})
    data = [
        SandboxMessage(
            id=row.id,
            delivery_id=row.delivery_id,
            member_id=row.member_id,
            channel=row.channel,
            to=vault.open(Sealed.parse(row.recipient), _owners(row), place=RECIPIENT),
            text=vault.open(Sealed.parse(row.text), _owners(row), place=TEXT),
            sent_at=row.sent_at,
        )
        for row in rows
    ]
    return SandboxPage(data=data, next_cursor=str(rows[-1].id if rows else since))


def _owners(row: repository.Sandboxed) -> set[bytes]:
    return {row.member_id.bytes} if row.member_id else set()
