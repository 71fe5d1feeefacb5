"""Answers as a chain of links, and what follows from the last one. Pure."""

import hashlib
from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import rfc8785

from contracts.roles import Role

ASK_AGAIN = timedelta(days=90)
MARKETING = "marketing"
CHANNELS = ("sms", "wechat", "miniprogram", "push", "email", "call")
GENESIS = hashlib.sha256(b"huiyuan consent chain").digest()


class Key(NamedTuple):
    """What is answered: a purpose, and for marketing a channel; "" where there is none."""

    purpose: str
    channel: str = ""


KEYS = (
    Key("membership"),
    Key("personalised_recommendation"),
    *(Key(MARKETING, channel) for channel in CHANNELS),
    Key("sensitive"),
    Key("third_party_sharing"),
    Key("guardian"),
)


class State(StrEnum):
    """What the last answer was. Withdrawn is a no after a yes."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Act:
    """How an answer was given."""

    ref: UUID
    where: str
    how: str
    initiative: str


@dataclass(frozen=True, slots=True)
class Link:
    """One answer in a member's chain; `hash` covers everything else and the link before."""

    member_id: UUID
    number: int
    at: datetime
    key: Key
    state: State
    notice_version: int | None
    notice_hash: str | None
    act: Act
    by_role: Role
    by_subject: str
    inherited_from: UUID | None = None
    hash: bytes = field(default=b"", compare=False)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    number: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer to one purpose."""

    state: State
    notice_version: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows from it now. `ask_from` None: there is nothing to ask."""

    granted: bool
    ask_from: datetime | None


def digest(link: Link, previous: bytes) -> bytes:
    """SHA-256 of the link before and of this one as canonical JSON (RFC 8785)."""
    content: dict[str, Any] = {
        "member_id": str(link.member_id), "number": link.number,
        "at": link.at.astimezone(UTC).isoformat(), "purpose": link.key.purpose,
        "channel": link.key.channel, "state": str(link.state),
        "notice_version": link.notice_version, "notice_hash": link.notice_hash,
        "ref": str(link.act.ref), "where": link.act.where, "how": link.act.how,
        "initiative": link.act.initiative, "by_role": str(link.by_role),
        "by_subject": link.by_subject,
        "inherited_from": str(link.inherited_from) if link.inherited_from else None,
    }  # fmt: skip
    return hashlib.sha256(previous + rfc8785.dumps(content)).digest()


def intact(chain: Sequence[Link], head: Head) -> bool:
    """Whether every link follows the one before it, from the first to the head."""
    previous = GENESIS
    for number, link in enumerate(chain, 1):
        if link.number != number or link.hash != digest(link, previous):
            return False
        previous = link.hash
    return head == Head(len(chain), previous)


def state_after(before: Answer | None, *, granted: bool) -> State:
    """What a yes or no makes of the answer before."""
    if granted:
        return State.GRANTED
    if before is not None and before.state is not State.REFUSED:
        return State.WITHDRAWN
    return State.REFUSED


def standing(key: Key, answer: Answer | None, floor: int, now: datetime) -> Standing:
    """How a purpose stands. `floor` is the oldest notice version whose yes still counts.

    Membership is what the member joined: a new notice asks again, and meanwhile it goes on. Every
    other purpose stops until the member has said yes to what is new.
    """
    if answer is None:
        return Standing(granted=False, ask_from=now)
    if answer.state is not State.GRANTED:
        return Standing(granted=False, ask_from=answer.at + ASK_AGAIN)
    if (answer.notice_version or 0) >= floor:
        return Standing(granted=True, ask_from=None)
    return Standing(granted=key.purpose == "membership", ask_from=now)


def guarded(agreed: Set[Key]) -> Set[Key]:
    """What counts of a child's answers: without the guardian's, none but membership."""
    return agreed if Key("guardian") in agreed else agreed & {Key("membership")}


def too_soon(answer: Answer | None, now: datetime) -> bool:
    """Whether the programme said it would not ask yet."""
    refused = answer is not None and answer.state is not State.GRANTED
    return refused and answer is not None and now < answer.at + ASK_AGAIN


Chains = Mapping[UUID, Sequence[Link]]


def origin(chains: Chains, link: Link) -> UUID:
    """Who gave an answer that was taken over, perhaps from somebody who had taken it over."""
    while link.inherited_from is not None:
        before = [each for each in chains.get(link.inherited_from, ()) if each.key == link.key]
        if not before:
            return link.inherited_from
        link = before[-1]
    return link.member_id


def without(chains: Chains, member_id: UUID, ids: Container[UUID]) -> dict[Key, Answer]:
    """A member's answers that change when `ids` are split off: those it had only from them.

    It has what it had answered itself again, or a no where that was a yes.
    """
    last: dict[Key, Link] = {}
    own: dict[Key, Link] = {}
    for link in chains[member_id]:
        last[link.key] = link
        if origin(chains, link) not in ids:
            own[link.key] = link
    changed = dict[Key, Answer]()
    for key, link in last.items():
        mine = own.get(key)
        if mine is None and link.state is State.GRANTED:
            changed[key] = Answer(State.WITHDRAWN, link.notice_version, link.at)
        elif mine is not None and mine is not link:
            changed[key] = Answer(mine.state, mine.notice_version, mine.at)
    return changed


def said_by_both(
    chain: Sequence[Link], theirs: Mapping[Key, Answer], merged_at: datetime
) -> dict[Key, Answer]:
    """A no that was said while two were one is a no of both."""
    last = {link.key: link for link in chain}
    return {
        key: Answer(State.WITHDRAWN, link.notice_version, link.at)
        for key, link in last.items()
        if link.state is not State.GRANTED
        and link.inherited_from is None
        and link.at >= merged_at
        and key in theirs
        and theirs[key].state is State.GRANTED
    }


def inherited(survivor: Mapping[Key, Answer], absorbed: Mapping[Key, Answer]) -> dict[Key, Answer]:
    """What a survivor takes over from an absorbed member: what it has no answer to, and every no.

    Of two answers alike the survivor keeps its own.
    """
    return {
        key: answer
        for key, answer in absorbed.items()
        if key not in survivor
        or (survivor[key].state is State.GRANTED and answer.state is not State.GRANTED)
    }


@dataclass(frozen=True, slots=True)
class Wish:
    """An answer that wants to be written. `stated`: the caller named the act."""

    key: Key
    granted: bool
    notice_version: int | None
    act: Act
    stated: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice in force of a purpose; yeses to versions before `floor` no longer count."""

    version: int
    hash: str
    floor: int


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the n-th answer cannot be written."""

    status: int
    code: str
    title: str
    n: int
    field: str


Use = tuple[UUID, Key, bool]
"""What an act was used for: whose answer, to what, and whether it was a yes."""

_BUNDLED = "Each yes needs an act of its own, used for nothing else"


@dataclass(frozen=True, slots=True)
class Known:
    """What there is already: a member's last answers, uses of acts, the notices in force."""

    answers: Mapping[Key, Answer]
    uses: Mapping[UUID, Container[Use]]
    notices: Mapping[str, Notice]


def objection(
    member_id: UUID, wishes: Sequence[Wish], known: Known, role: Role, now: datetime
) -> Objection | None:
    """What speaks against these answers of one member, if anything does."""
    bundle = sum(wish.granted for wish in wishes) > 1
    seen: set[UUID] = set()
    for n, wish in enumerate(wishes):
        ref = wish.act.ref
        if not wish.granted:
            if wish.key.purpose == "membership":
                title = "Whoever ends membership asks for erasure (rights-requests)"
                return Objection(409, "ends_membership", title, n, "granted")
            continue
        elsewhere = ref in known.uses and (member_id, wish.key, True) not in known.uses[ref]
        if (bundle and not wish.stated) or ref in seen or elsewhere:
            return Objection(422, "bundled_consent", _BUNDLED, n, "asked")
        seen.add(ref)
        if wish.notice_version not in (None, known.notices[wish.key.purpose].version):
            title = "Another version of the notice is in force"
            return Objection(409, "notice_not_in_force", title, n, "notice_version")
        if wish.key.purpose == "guardian" and role is Role.MEMBER:
            title = "A guardian's consent is taken by staff"
            return Objection(403, "guardian_needed", title, n, "purpose")
        if wish.act.initiative == "programme" and too_soon(known.answers.get(wish.key), now):
            title = "After a no the programme does not ask again for 90 days"
            return Objection(409, "asked_too_soon", title, n, "asked")
    return None


def repeats(member_id: UUID, wish: Wish, known: Known) -> bool:
    """Whether an answer is one that was taken already, sent once more."""
    if (member_id, wish.key, wish.granted) in known.uses.get(wish.act.ref, ()):
        return True
    before = known.answers.get(wish.key)
    if wish.stated or before is None:
        return False
    in_force = known.notices[wish.key.purpose].version
    same_notice = not wish.granted or before.notice_version == in_force
    return (before.state is State.GRANTED) is wish.granted and same_notice
