"""Queue messages, carry them one call at a time, take receipts, and never send one twice."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from chassis.database import Database, Tx
from chassis.logs import log
from contracts.auditing import Action, Decision
from contracts.classification import Kind
from contracts.events import MessageSent
from contracts.gateway_events import MessageReported
from contracts.sealed import Sealed
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit
from gateway_service.dispatch import domain, repository, standings
from gateway_service.dispatch.carrier import Carrier
from gateway_service.dispatch.domain import (
    Content,
    Letter,
    Loss,
    Outcome,
    Receipt,
    State,
    Step,
    Verdict,
)
from gateway_service.dispatch.repository import Claimed, New, Tried, Try
from gateway_service.egress import repository as suppressions
from gateway_service.egress.agreement import Wish, refused
from gateway_service.egress.domain import EXPIRED, SUPPRESSED, is_suppressed
from gateway_service.egress.providers import Outgoing
from gateway_service.vault.seal import Erased, NotOurs, Vault

RECIPIENT, CONTENT = "outgoing_message.recipient", "outgoing_message.content"
GAVE_UP, UNREADABLE, NO_ANSWER = "gave_up", "unreadable", "no_answer"


@dataclass(frozen=True, slots=True)
class Patience:
    """`call`: the longest a call may take. `first`: the pause after the first failure. `whole`: how
    long a message is tried."""

    call: timedelta
    first: timedelta
    whole: timedelta

    @property
    def lease(self) -> timedelta:
        """A claimed message is nobody else's for so long."""
        return self.call * 3


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed message and what is to be done with it."""

    claimed: Claimed
    step: Step
    key: str
    attempt: int
    tried_at: datetime
    first_at: datetime
    now: datetime
    begun: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What carrying works with. `channels`: the provider of each; `secret` makes keys by purpose,
    once the service has started."""

    vault: Vault
    audit: Audit
    carriers: Mapping[str, Carrier]
    patience: Patience
    channels: Mapping[str, str]
    public_url: str
    secret: Callable[[str], bytes]


async def claim(tx: Tx, dispatch: Dispatch, carrier: Carrier, room: int) -> list[Work] | None:
    """Up to `room` messages that may go now, as the provider's rate allows; None while its circuit
    is open.

    Whoever withdrew meanwhile gets nothing, what is too late ends. What is answered here is written
    down as tried before it is.
    """
    now = await repository.moment(tx)
    standing = await standings.standing(tx, carrier.name)
    if domain.is_open(standing, now):
        return None
    number, after = domain.granted(standing, carrier.rate, room, now)
    taken = await repository.take(tx, carrier.name, number, dispatch.patience.lease)
    if not taken:
        return []
    spared = replace(after, tokens=after.tokens + max(number - len(taken), 0))
    await standings.put_standing(tx, carrier.name, spared)
    why = await _unfit(tx, dispatch, taken, now)
    work = []
    for each, key in zip(taken, carrier.keys(taken), strict=True):
        one = _next(carrier.loss, each, key, why.get(each.delivery_id), now)
        if isinstance(one, Work):
            work.append(one)
        else:
            state, reason = one
            await _end(tx, Tried(each.delivery_id, each.attempts, reason), state)
    tries = [Try(w.claimed.delivery_id, w.key, w.attempt, w.first_at)
             for w in work if w.step is Step.AGAIN]  # fmt: skip
    await repository.begin(tx, tries, now)
    await repository.ask(tx, [w.claimed.delivery_id for w in work if w.step is Step.ASK])
    if work:
        dispatch.audit.record(tx, _opened(carrier, [w.claimed for w in work]))
    return work


def _next(
    loss: Loss, each: Claimed, key: str, why: tuple[State, str] | None, now: datetime
) -> Work | tuple[State, str]:
    """What is to be done with a message, or how it ends: nothing that could send it twice is done.

    A message that waits was certainly not sent so far, and may have a new key.
    """
    if each.was is State.WAITING:
        return why or Work(each, Step.AGAIN, key, each.attempts + 1, now, now, now)
    assert each.key and each.first_at and each.tried_at, "it was tried"
    step = domain.after_loss(loss, each.first_at, each.tried_at, now)
    if step is Step.AGAIN and why:
        step = Step.ASK if loss.asks else Step.LEAVE
    if step is Step.LEAVE:
        return State.UNKNOWN, NO_ANSWER
    if step is Step.AGAIN:
        return Work(each, step, each.key, each.attempts + 1, now, each.first_at, now)
    return Work(each, step, each.key, each.attempts, each.tried_at, each.first_at, now)


async def _unfit(
    tx: Tx, dispatch: Dispatch, taken: Sequence[Claimed], now: datetime
) -> dict[UUID, tuple[State, str]]:
    """Those that must not be sent (any more), and how they end: the member withdrew, the address is
    suppressed, or it is too late."""
    wishes = [Wish(m.delivery_id, m.member_id, m.purpose, m.channel) for m in taken]
    why = {each: (State.REFUSED, reason)
           for each, reason in (await refused(tx, wishes, lock=True)).items()}  # fmt: skip
    indexes = {m.delivery_id: Sealed.parse(m.recipient).index for m in taken if m.recipient}
    listed = await suppressions.suppressed(tx, set(indexes.values()))
    for each in taken:
        index = indexes.get(each.delivery_id)
        if index and is_suppressed(listed, index, each.purpose, each.channel):
            why[each.delivery_id] = State.REFUSED, SUPPRESSED
        elif each.until is not None and tx.now >= each.until:
            why.setdefault(each.delivery_id, (State.DEAD, EXPIRED))
        elif now - each.since > dispatch.patience.whole:
            why.setdefault(each.delivery_id, (State.DEAD, GAVE_UP))
    return why


async def carry(db: Database, dispatch: Dispatch, carrier: Carrier, work: Work) -> None:
    """One call, and what came of it written down.

    A process that stood still since it claimed the message leaves it: it is another's by now.
    """
    letter = await _opened_letter(dispatch.vault, work)
    if time.monotonic() - work.begun > dispatch.patience.call.total_seconds():
        return
    if letter is None:
        outcome = Outcome(Verdict.REJECTED, UNREADABLE)
    elif work.step is Step.ASK:
        outcome = await carrier.ask(letter)
    else:
        outcome = await carrier.send(letter)
    del letter
    async with db.transaction() as tx:
        await _settle(tx, dispatch, carrier, work, outcome)


async def _settle(
    tx: Tx, dispatch: Dispatch, carrier: Carrier, work: Work, outcome: Outcome
) -> None:
    verdict, tried = outcome.verdict, Tried(work.claimed.delivery_id, work.attempt, outcome.reason)
    asked, in_doubt = work.step is Step.ASK, work.claimed.was is not State.WAITING
    now = await repository.moment(tx)
    await _note(tx, carrier, verdict, now, asked=asked)
    if verdict is Verdict.ACCEPTED:
        await accepted(tx, carrier, tried.delivery_id, outcome)
    elif verdict is Verdict.REJECTED:
        await _end(tx, tried, State.UNKNOWN if in_doubt else State.FAILED)
    elif verdict is Verdict.ABSENT and domain.never_sent(carrier.loss, work.tried_at, now):
        await repository.again(tx, tried, State.WAITING, timedelta())
    elif verdict in (Verdict.NOT_TAKEN, Verdict.BUSY) and not in_doubt:
        after = domain.retried(tried.delivery_id, tried.attempt, dispatch.patience.first)
        await repository.again(tx, tried, State.WAITING, after)
    elif domain.after_loss(carrier.loss, work.first_at, work.tried_at, now) is Step.LEAVE:
        await _end(tx, tried, State.UNKNOWN)
    else:
        after = domain.asked_again(tried.delivery_id, work.tried_at, now)
        await repository.again(tx, tried, State.ASKING, after)


async def accepted(tx: Tx, carrier: Carrier, delivery_id: UUID, outcome: Outcome) -> None:
    """It is sent; a receipt that came before this answer counts now."""
    if outcome.ref:
        await repository.lock_ref(tx, carrier.name, outcome.ref)
    if await repository.accept(tx, carrier.name, delivery_id, outcome):
        tx.publish(MessageSent(delivery_id, "sent", None, tx.now))
    receipts = await repository.early(tx, carrier.name, outcome.ref) if outcome.ref else []
    if outcome.delivered is not None:
        receipts.append(Receipt(outcome.delivered, reason=outcome.reason))
    if receipts:
        best = replace(domain.chosen(receipts), delivery_id=delivery_id)
        await receipts_written(tx, carrier.name, [best])


async def receive(tx: Tx, carrier: Carrier, receipts: Sequence[Receipt]) -> None:
    """What a provider tells: late, twice, in any sequence, or before its answer to our call."""
    by_ref = [each for each in receipts if each.delivery_id is None and each.ref]
    for ref in sorted({each.ref for each in by_ref if each.ref}):
        await repository.lock_ref(tx, carrier.name, ref)
    await receipts_written(tx, carrier.name, receipts)
    if by_ref:
        await repository.keep_early(tx, carrier.name, by_ref)


async def receipts_written(tx: Tx, provider: str, receipts: Sequence[Receipt]) -> None:
    """Write down what is news, and tell campaign."""
    for delivery_id, status, reason, at in await repository.report(tx, provider, receipts):
        tx.publish(MessageReported(delivery_id, status, reason, at or tx.now))


async def _end(tx: Tx, tried: Tried, state: State) -> None:
    """It goes no further, and campaign hears of it."""
    if not await repository.end(tx, tried, state):
        return
    if state is State.REFUSED:
        tx.publish(MessageSent(tried.delivery_id, "refused", tried.reason))
        return
    status = "unknown" if state is State.UNKNOWN else "failed"
    reason = tried.reason or NO_ANSWER
    tx.publish(MessageReported(tried.delivery_id, status, reason, tx.now))
    if state is not State.FAILED:
        log.warning("message_stuck", state=state, reason=reason, delivery=str(tried.delivery_id))


async def _note(tx: Tx, carrier: Carrier, verdict: Verdict, now: datetime, *, asked: bool) -> None:
    """How the provider stands after a call."""
    if verdict in (Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ABSENT):
        await standings.mend(tx, carrier.name)
    elif verdict is Verdict.BUSY:
        was = await standings.standing(tx, carrier.name)
        await standings.put_standing(tx, carrier.name, domain.hurried(was, now))
    elif not asked:
        was = await standings.standing(tx, carrier.name)
        await standings.put_standing(tx, carrier.name, domain.fails(was, now))


async def _opened_letter(vault: Vault, work: Work) -> Letter | None:
    """The message in the clear, for the length of a call; None for one of somebody erased."""
    each = work.claimed
    owners = {each.member_id.bytes} if each.member_id else set()
    try:
        await vault.ready_for(each.recipient or "", each.content)
        address = (
            vault.open(Sealed.parse(each.recipient), owners, place=RECIPIENT)
            if each.recipient else ""
        )  # fmt: skip
        content = vault.open(Sealed.parse(each.content), owners, place=CONTENT)
    except (NotOurs, Erased, ValueError):
        return None
    return Letter(
        each.delivery_id, each.purpose, work.key, work.tried_at, work.now, address,
        msgspec.json.decode(content, type=Content),
    )  # fmt: skip


def _opened(carrier: Carrier, claimed: Sequence[Claimed]) -> Entry:
    """Whose addresses are opened for a provider's call; no values."""
    return Entry(
        action=Action.EGRESS, decision=Decision.PLAIN,
        operation=f"egress {claimed[0].channel} {carrier.name}", role=None, subject="gateway",
        members={each.member_id for each in claimed if each.member_id},
        fields=sorted({_kind_of(each) for each in claimed}),
    )  # fmt: skip


def _kind_of(each: Claimed) -> Kind:
    return Sealed.parse(each.recipient).kind if each.recipient else Kind.TEXT


async def prepared(db: Database, carrier: Carrier, room: int) -> int:
    """For how many of what is due the provider has given what is needed to send them."""
    async with db.transaction(readonly=True) as tx:
        if not await repository.waits(tx, carrier.name):
            return 0
    ready = await carrier.stock(room)
    if ready:
        return min(ready, room)
    async with db.transaction() as tx:
        await _note(tx, carrier, Verdict.NOT_TAKEN, await repository.moment(tx), asked=False)
    return 0


async def sweep(db: Database, midnight: datetime) -> None:
    """Every night: receipts of a week ago that no message claimed."""
    async with db.transaction() as tx:
        await repository.sweep(tx, midnight - timedelta(days=7))


class Queue:
    """What takes messages over for a provider that is called later, out of the queue."""

    nameless = False

    def __init__(self, vault: Vault, address: Kind | None, provider: str) -> None:
        self._vault, self.address, self._provider = vault, address, provider

    async def send(self, tx: Tx, messages: Sequence[Outgoing]) -> bool:
        """Into `outgoing_message`, sealed; not sent by that."""
        seal = self._vault.seal
        await self._vault.ready({m.to.member_id for m in messages if m.to.member_id}, create=True)
        await repository.put(tx, [
            New(
                m.delivery_id, m.to.member_id, m.channel, self._provider, m.purpose,
                seal(self.address, m.to.address, m.to.member_id, place=RECIPIENT)
                if self.address and m.to.address else None,
                seal(Kind.TEXT, msgspec.json.encode(m.content).decode(), m.to.member_id,
                     place=CONTENT),
                m.until,
            )
            for m in messages
        ])  # fmt: skip
        return False
