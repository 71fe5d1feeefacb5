"""Learn the tails of identifiers; find who has one, and fits what else is known."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Database, Tx
from chassis.logs import log
from chassis.problem import Problem
from contracts.classification import TAILED, Kind
from contracts.events import IdentifierLinked
from contracts.identity import Identifier
from contracts.identity_inner import Addressee
from contracts.sealed import Sealed
from gateway_service.relations.repository import known_in
from gateway_service.tails import repository
from gateway_service.tails.domain import MOST, PAGE, Question, Row, by_member, cut
from gateway_service.vault import repository as keys
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.seal import IDENTIFIERS, NotOurs, NotReady, Vault

_INDEXES = 10_000  # identity is asked for so many owners at once
_AT_ONCE = 16
NAME = "member.name"
TOO_MANY = Problem(422, "too_many_candidates", "Too many members fit", detail="name the store, too")

Resolve = Callable[[Collection[str]], Awaitable[dict[str, UUID]]]
Fetch = Callable[[UUID], Awaitable[Addressee | None]]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of candidates with their identifiers that fit, still sealed; and if there is more."""

    members: list[tuple[Addressee, list[Identifier]]]
    more: bool


class Tails:
    """The index of last characters. `db` is there once the gateway has started."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.db: Database

    async def learn(self, tx: Tx, events: Sequence[IdentifierLinked]) -> None:
        """Keep the tails of what is told, and nothing else of it."""
        tokens = {event.value: event.member_id for event in events if event.value}
        await self._vault.ready_for(*tokens)
        await self._keep(tx, tokens.items())

    async def rebuild(self, tx: Tx, place: str, tokens: Iterable[str]) -> None:
        """From what a rotation reads anyway: rows of members who were there before the index.

        Whom a token was sealed for is who had the identifier first. Tokens that name no member
        are passed over: their owners are told when they are linked.
        """
        if place == IDENTIFIERS:
            found = ((text, UUID(bytes=owner)) for text in tokens if (owner := _owner(text)))
            await self._keep(tx, found)

    async def find(self, question: Question, resolve: Resolve, fetch: Fetch) -> Found:
        """Who has such an identifier now, is known in the store, and has the name.

        Raises Problem 422 `too_many_candidates`.
        """
        async with self.db.transaction(readonly=True) as tx:
            tail = self._vault.tail_of(question.kind, question.last4)
            indexes = await repository.with_tail(tx, tail, _INDEXES)
        owners = by_member(await resolve(indexes)) if indexes else {}
        members = list(owners)
        if question.store:
            async with self.db.transaction(readonly=True) as tx:
                here = await known_in(tx, question.store, members)
            members = [each for each in members if each in here]
        if question.name is None:
            page, more = cut(members, PAGE)
            return Found(_fitting(await _fetched(page, fetch), owners), more)
        if len(members) > MOST:
            raise TOO_MANY
        everybody = await _fetched(members, fetch)
        await self._vault.ready_for(*(each.name or "" for each in everybody))
        wanted = normalise(Kind.NAME, question.name)
        named = [each for each in everybody if self._name(each) == wanted]
        return Found(_fitting(named[:PAGE], owners), len(named) > PAGE)

    def _name(self, somebody: Addressee) -> str | None:
        mine = {each.bytes for each in (somebody.member_id, *somebody.absorbed)}
        try:
            token = Sealed.parse(somebody.name or "")
            return self._vault.open(token, mine, place=NAME)
        except (NotOurs, NotReady, ValueError):
            return None

    async def _keep(self, tx: Tx, tokens: Iterable[tuple[str, UUID]]) -> None:
        rows: dict[str, Row] = {}
        for text, member_id in tokens:
            try:
                token = Sealed.parse(text)
                if token.kind in TAILED and token.blind_index:
                    value = self._vault.open(token, {token.subject}, place=IDENTIFIERS)
                    if tail := self._vault.tail(token.kind, value):
                        rows[token.index] = Row(token.index, tail, member_id)
            except (NotOurs, NotReady, ValueError):
                log.warning("tail_not_readable", member_id=str(member_id))
        if rows:
            await keys.lock(tx, self._vault.ring.programme)  # as whoever erases does
            await repository.put(tx, [rows[index] for index in sorted(rows)])


def _owner(text: str) -> bytes | None:
    try:
        token = Sealed.parse(text)
    except ValueError:
        return None
    return token.subject if token.suite and token.of_member else None


async def _fetched(members: Sequence[UUID], fetch: Fetch) -> list[Addressee]:
    """Members as identity has them; those who went meanwhile are absent."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(member_id: UUID) -> Addressee | None:
        async with turn:
            return await fetch(member_id)

    return [each for each in await asyncio.gather(*map(one, members)) if each]


def _fitting(
    members: Iterable[Addressee], owners: dict[UUID, set[str]]
) -> list[tuple[Addressee, list[Identifier]]]:
    return [
        (each, [one for one in each.identifiers if _index(one) in owners.get(each.member_id, ())])
        for each in members
    ]


def _index(identifier: Identifier) -> str | None:
    try:
        return Sealed.parse(identifier.value or "").index
    except ValueError:
        return None


def usable_name(name: str | None) -> str | None:
    """A name that can be compared. Raises Problem 422."""
    try:
        return normalise(Kind.NAME, name) and name if name else None
    except Unusable:
        raise Problem(422, "unusable_value", "A value cannot be used", pointer="/name") from None
