"""Take answers, show how purposes stand, follow merges."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.events import MembersMerged, MembersSplit
from contracts.gateway import consents as api
from contracts.gateway.audit import Action, Decision
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.roles import Role
from gateway_service.audit.use_cases import Audit, entry_by
from gateway_service.consent import domain, notices, repository
from gateway_service.consent.domain import (
    KEYS,
    Act,
    Answer,
    Head,
    Key,
    Known,
    Link,
    Notice,
    State,
    Use,
    Wish,
)
from gateway_service.consent.standings import Standings

_GATEWAY = Principal(Role.OPERATOR, "gateway")  # who follows a merge


@dataclass(frozen=True, slots=True)
class Desk:
    """Where answers are taken: what is remembered of them, and the audit."""

    standings: Standings
    audit: Audit


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers of one member, under whichever of the member's ids."""

    member_id: UUID
    wishes: Sequence[Wish]


async def shown(tx: Tx, member_id: UUID) -> api.Consents:
    """Every purpose and channel of a member; a merged id answers with its survivor's."""
    root = (await repository.roots(tx, [member_id]))[member_id]
    answers = (await repository.answers(tx, [root]))[root]
    floors = await notices.in_force(tx)
    rows = [_shown(tx, key, answers.get(key), floors[key.purpose].floor) for key in KEYS]
    return api.Consents(member_id=root, data=rows)


def _shown(tx: Tx, key: Key, answer: Answer | None, floor: int) -> api.Consent:
    stands = domain.standing(key, answer, floor, tx.now)
    fresh = answer is not None and (answer.state != "granted" or stands.ask_from is None)
    return api.Consent.model_validate({
        "purpose": key.purpose,
        "channel": key.channel or None,
        "state": answer.state if answer and fresh else "to_be_asked",
        "granted": stands.granted,
        "notice_version": answer and answer.notice_version,
        "changed_at": answer and answer.at,
        "ask_from": stands.ask_from,
    })  # fmt: skip


async def change(
    tx: Tx, desk: Desk, principal: Principal, member_id: UUID, wanted: api.ConsentsRequest
) -> api.Consents:
    """Write answers and show how everything stands. Raises the Problem of the first bad one."""
    answering = Answering(member_id, _wishes(tx, wanted.consents))
    (problem,) = await answer(tx, desk, principal, [answering])
    if problem is not None:
        raise problem
    return await shown(tx, member_id)


async def change_many(
    tx: Tx, desk: Desk, principal: Principal, wanted: api.ConsentsBatch
) -> api.ConsentsResults:
    """The same for many members; what one of them cannot say holds up nobody else."""
    problems = await answer(
        tx, desk, principal,
        [Answering(each.member_id, _wishes(tx, each.consents)) for each in wanted.members],
    )  # fmt: skip
    return api.ConsentsResults(
        results=[
            api.ConsentsResult(
                member_id=each.member_id,
                status=problem.status if problem else 200,
                problem=problem.document() if problem else None,
            )
            for each, problem in zip(wanted.members, problems, strict=True)
        ]
    )


def _wishes(tx: Tx, changes: Iterable[api.ConsentChange]) -> list[Wish]:
    return [
        Wish(
            Key(change.purpose, change.channel or ""),
            change.granted,
            change.notice_version,
            Act(**change.asked.model_dump())
            if change.asked
            else Act(tx.ids.new(), "api", "button", "member"),
            stated=change.asked is not None,
        )
        for change in changes
    ]


async def answer(
    tx: Tx, desk: Desk, principal: Principal, answering: Sequence[Answering]
) -> list[Problem | None]:
    """Write what can be written, a member's answers together or none; a verdict for each.

    What somebody else than the member has written is in the audit, too.
    """
    await repository.hold(tx)
    roots = await repository.roots(tx, (each.member_id for each in answering))
    writing = await _Writing.begin(tx, roots.values(), principal)
    writing.uses = await repository.uses(
        tx, (wish.act.ref for each in answering for wish in each.wishes if wish.stated)
    )
    problems = [writing.take(roots[each.member_id], each.wishes) for each in answering]
    await writing.end(desk.standings)
    if principal.role is not Role.MEMBER:
        _audit(tx, desk.audit, principal, writing.links)
    return problems


def _audit(tx: Tx, audit: Audit, principal: Principal, links: Sequence[Link]) -> None:
    """An entry for each purpose, channel and state, with all whose answer that is."""
    whose: dict[tuple[Key, State], set[UUID]] = {}
    for link in links:
        whose.setdefault((link.key, link.state), set()).add(link.member_id)
    for (key, state), members in whose.items():
        operation = " ".join(filter(None, ("consent", *key, state)))
        audit.record(
            tx, entry_by(principal, Action.CONSENT, Decision.DONE, operation, members=members)
        )


async def follow(tx: Tx, standings: Standings, events: Sequence[MembersMerged]) -> None:
    """Answers follow the member; a no stays a no. The absorbed chain stays as it was."""
    await repository.hold(tx, merging=True)
    pairs = [(event.survivor_id, event.absorbed_id) for event in events]
    writing = await _Writing.begin(tx, {member for pair in pairs for member in pair}, _GATEWAY)
    for survivor, absorbed in pairs:
        writing.inherit(survivor, absorbed)
        await repository.merge(tx, survivor, absorbed)
    await writing.end(standings)
    standings.forget_all(tx)


async def part(tx: Tx, standings: Standings, events: Sequence[MembersSplit]) -> None:
    """Answers return to whose they were; what is apart already stays so."""
    await repository.hold(tx, merging=True)
    for event in events:
        root = (await repository.roots(tx, [event.restored_id]))[event.restored_id]
        family = await repository.family(tx, root)
        if not await repository.split(tx, event.restored_id, event.members):
            continue
        ids = {event.restored_id, *event.members}
        chains = {member: await repository.chain(tx, member) for member in family}
        writing = await _Writing.begin(tx, family, _GATEWAY)
        theirs = writing.answers_of(event.restored_id)
        both = domain.said_by_both(chains[root], theirs, event.merged_at)
        writing.part(event.restored_id, both, root)
        for member in set(family) - ids:
            writing.part(member, domain.without(chains, member, ids), None)
        await writing.end(standings)
    standings.forget_all(tx)


async def history(tx: Tx, member_id: UUID) -> api.ConsentHistory:
    """The chain of a member, checked."""
    root = (await repository.roots(tx, [member_id]))[member_id]
    links = await repository.chain(tx, root)
    whole = domain.intact(links, await repository.head(tx, root))
    return api.ConsentHistory(member_id=root, intact=whole, data=[_event(link) for link in links])


def _event(link: Link) -> api.ConsentEvent:
    act = link.act
    return api.ConsentEvent.model_validate({
        "number": link.number, "at": link.at, "purpose": link.key.purpose,
        "channel": link.key.channel or None, "state": link.state,
        "notice_version": link.notice_version, "notice_hash": link.notice_hash,
        "asked": {
            "ref": act.ref, "where": act.where, "how": act.how, "initiative": act.initiative,
        },
        "by_role": link.by_role, "by_subject": link.by_subject,
        "inherited_from": link.inherited_from, "hash": link.hash.hex(),
    })  # fmt: skip


class _Writing:
    """Answers of one transaction, gathered at the ends of locked chains."""

    def __init__(
        self, tx: Tx, principal: Principal, heads: dict[UUID, Head],
        answers: dict[UUID, dict[Key, Answer]], in_force: Mapping[str, Notice],
    ) -> None:  # fmt: skip
        self.uses: dict[UUID, set[Use]] = {}
        self._tx, self._principal = tx, principal
        self._heads, self._answers, self._notices = heads, answers, in_force
        self.links: list[Link] = []

    @classmethod
    async def begin(cls, tx: Tx, members: Iterable[UUID], principal: Principal) -> Self:
        """Lock the chains of these members, and know how everything stands."""
        wanted = set(members)
        heads = await repository.heads(tx, wanted)
        answers = await repository.answers(tx, wanted)
        return cls(tx, principal, heads, answers, await notices.in_force(tx))

    def take(self, member_id: UUID, wishes: Sequence[Wish]) -> Problem | None:
        """Write one member's answers, unless something speaks against one of them."""
        known = Known(self._answers[member_id], self.uses, self._notices)
        found = domain.objection(member_id, wishes, known, self._principal.role, self._tx.now)
        if found is not None:
            pointer = f"/consents/{found.n}/{found.field}"
            return Problem(found.status, found.code, found.title, pointer=pointer)
        for wish in wishes:
            if domain.repeats(member_id, wish, known):
                continue
            state = domain.state_after(known.answers.get(wish.key), granted=wish.granted)
            version = self._notices[wish.key.purpose].version
            self._add(member_id, wish.key, state, version, wish.act)
            self.uses.setdefault(wish.act.ref, set()).add((member_id, wish.key, wish.granted))
        return None

    def inherit(self, survivor: UUID, absorbed: UUID) -> None:
        """Write what comes with a member who is merged into another."""
        theirs = domain.inherited(self._answers[survivor], self._answers[absorbed])
        for key, answer in theirs.items():
            act = Act(self._tx.ids.new(), "gateway", "merge", "programme")
            self._add(
                survivor, key, answer.state, answer.notice_version, act, inherited_from=absorbed
            )

    def answers_of(self, member_id: UUID) -> Mapping[Key, Answer]:
        """How everything stands with one of them."""
        return self._answers[member_id]

    def part(self, member_id: UUID, answers: Mapping[Key, Answer], origin: UUID | None) -> None:
        """Write what a split makes of a member's answers; `origin` is who said them."""
        for key, answer in answers.items():
            act = Act(self._tx.ids.new(), "gateway", "split", "programme")
            self._add(
                member_id, key, answer.state, answer.notice_version, act, inherited_from=origin
            )

    def _add(
        self, member_id: UUID, key: Key, state: State, version: int | None, act: Act, *,
        inherited_from: UUID | None = None,
    ) -> None:  # fmt: skip
        notice, head, now = self._notices[key.purpose], self._heads[member_id], self._tx.now
        link = Link(
            member_id, head.number + 1, now, key, state, version,
            notice.hash if version == notice.version else None, act, self._principal.role,
            self._principal.subject, inherited_from,
        )  # fmt: skip
        link = replace(link, hash=domain.digest(link, head.hash))
        self.links.append(link)
        self._heads[member_id] = Head(link.number, link.hash)
        self._answers[member_id][key] = Answer(state, version, now)

    async def end(self, standings: Standings) -> None:
        """Append everything and tell it."""
        if not self.links:
            return
        touched = {link.member_id for link in self.links}
        await repository.append(self._tx, self.links, {m: self._heads[m] for m in touched})
        told = [
            ConsentAnswer(
                link.member_id, link.key.purpose, link.key.channel or None,
                link.state is State.GRANTED,
            )
            for link in self.links
        ]  # fmt: skip
        self._tx.publish(ConsentChanged(told, self._tx.now))
        standings.forget(self._tx, touched)
