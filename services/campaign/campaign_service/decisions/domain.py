"""The pipeline: a case goes through the checks in order; each leaves a verdict.

Checks look at how a member stands, not at who it is. Members who stand alike are decided alike, so
that of a million members some hundred standings are judged.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, NamedTuple
from uuid import UUID

from campaign_service.audiences.domain import Picking
from campaign_service.experiments.assigning import GlobalControl
from campaign_service.reach.domain import BITS, NEEDS_NO_ADDRESS
from contracts.campaign.decisions import Outcome

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` of programme time nothing leaves; the window may span midnight."""

    start: time
    end: time
    zone: tzinfo

    def next_open(self, now: datetime) -> datetime:
        """`now` if messages may leave, else the end of the window they fell into."""
        local = now.astimezone(self.zone)
        clock = local.time()
        spans = self.start > self.end
        late = clock >= self.start
        early = clock < self.end
        if not ((late or early) if spans else (late and early)):
            return now
        day = local.date() + timedelta(days=1 if spans and late else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(now.tzinfo)

    def next_closed(self, now: datetime) -> datetime | None:
        """When the window that `now` is outside of begins; None if there is none."""
        if self.start == self.end:
            return None
        local = now.astimezone(self.zone)
        day = local.date() + timedelta(days=1 if local.time() >= self.start else 0)
        return datetime.combine(day, self.start, self.zone).astimezone(now.tzinfo)

    def day(self, moment: datetime) -> date:
        """The programme day of a moment."""
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Caps:
    """How many messages a member gets at most: a programme day, seven days, seven days by one
    channel, of one campaign ever. What concerns its own order or points is not counted."""

    a_day: int
    a_week: int
    of_channel: Mapping[str, int] = field(default_factory=dict)
    of_campaign: int | None = None

    def stricter(self, other: "Caps") -> "Caps":
        """The lower of both."""
        channels = {**self.of_channel, **other.of_channel}
        ever = [each for each in (self.of_campaign, other.of_campaign) if each is not None]
        return Caps(
            min(self.a_day, other.a_day),
            min(self.a_week, other.a_week),
            {
                name: min(most, self.of_channel.get(name, most), other.of_channel.get(name, most))
                for name, most in channels.items()
            },
            min(ever, default=None),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for every campaign. `costs`: fen a message by channel; the others cost nothing."""

    quiet: QuietHours
    costs: Mapping[str, int]
    caps: Caps


Fault = Callable[[str, str, Mapping[str, Any]], str | None]


def no_fault(_channel: str, _language: str, _values: Mapping[str, Any]) -> str | None:
    """Texts that were judged with their plan."""
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What one campaign says. `salt` seeds its control group; `offer_fen`: what the offer of one
    message may cost; `caps`: the stricter of its own and the programme's. `channels` in their
    order, the member's own first if `members_own`.

    `left_alone`: the members whom no marketing contacts, by this year's salt.
    `fault`: why a text cannot be said by a channel, in a language, with some values; None: it can.
    """

    salt: str
    picking: Picking
    control_share: float
    budget_fen: int
    channels: tuple[str, ...]
    caps: Caps
    members_own: bool = False
    transactional: bool = False
    stale_after: timedelta | None = None
    offer_fen: int = 0
    fault: Fault = no_fault
    left_alone: GlobalControl | None = None
    left_alone_salt: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A member is to be contacted, if nothing speaks against it.

    `occasion`: what for, as a moment; with `step` (a journey's node) it says which contact of the
    campaign with this member it is: there is one of each, however often it is asked for. `values`:
    variables of the text, by name, as JSON has them; nothing that identifies anybody.
    """

    member_id: UUID
    occasion: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""


Moment = Literal["", "entered", "ordered", "joined", "tier", "asked"]


class Candidate(NamedTuple):
    """A member and the occasion for a contact, with all that is known for deciding it.

    `moment`: what the occasion is. Channels are bits (reach/domain.py). `today`, `week`: messages
    planned or sent on the day in question, and the channels of those of the seven days up to it.
    `previous`, `skipped`: the decision to skip that stands so far, and its verdicts.
    """

    member_id: UUID
    language: str
    occasion: datetime
    moment: Moment = ""
    tier: str | None = None
    step: str = ""
    values: Mapping[str, Any] = {}
    objects: bool = False
    agreed: int = 0
    reach: int = 0
    suppressed: int = 0
    barred: int = 0
    prefers: str | None = None
    today: int = 0
    week: tuple[str, ...] = ()
    of_campaign: int = 0
    previous: int | None = None
    skipped: int | None = None


class Standing(NamedTuple):
    """Everything that a check looks at; hashable. `held_out`: of which control group it is.
    `fault`: why the text cannot be said, by channel."""

    moment: Moment
    tier: str | None
    held_out: str
    objects: bool
    agreed: int
    reach: int
    suppressed: int
    barred: int
    prefers: str | None
    today: int
    week: tuple[str, ...]
    of_campaign: int
    stale: bool
    faults: tuple[tuple[str, str], ...] = ()
    affordable: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A standing under a campaign's terms. Channels come in the sequence in which they are tried:
    those agreed to; of these, those not suppressed; of these, those within their caps; of these,
    those that lead to the member."""

    terms: Terms
    policy: Policy
    standing: Standing
    now: datetime

    @property
    def held_until(self) -> str | None:
        """The hour at which messages leave, if they may not leave now. Not the day, so that what is
        found tonight is the same as what was found last night."""
        due = self.policy.quiet.next_open(self.now)
        return None if due == self.now else f"{due.astimezone(self.policy.quiet.zone):%H:%M}"

    @property
    def agreed(self) -> list[str]:
        """What concerns a member's own order or points needs no consent."""
        mask = -1 if self.terms.transactional else self.standing.agreed
        return [channel for channel in self._wanted() if BITS[channel] & mask]

    @property
    def allowed(self) -> list[str]:
        """Nothing goes to an address that is barred; no marketing to a suppressed one."""
        listed = self.standing.barred
        listed |= 0 if self.terms.transactional else self.standing.suppressed
        return [channel for channel in self.agreed if not BITS[channel] & listed]

    @property
    def uncapped(self) -> list[str]:
        """Channels that have not carried their share of the week."""
        if self.terms.transactional:
            return self.allowed
        most, week = self.terms.caps.of_channel, self.standing.week
        return [each for each in self.allowed if week.count(each) < most.get(each, len(week) + 1)]

    @property
    def open(self) -> list[str]:
        """Where the message may go, the best first."""
        return self._leading(self.uncapped)

    @property
    def eligible(self) -> bool:
        """Whether the member could be written to at all: known of both sides of a comparison, and
        not moved by what the campaign does."""
        objects = self.standing.objects and not self.terms.transactional
        return not objects and bool(self._leading(self.allowed))

    def _leading(self, channels: Iterable[str]) -> list[str]:
        reach = self.standing.reach | NEEDS_NO_ADDRESS
        return [channel for channel in channels if BITS[channel] & reach]

    def _wanted(self) -> list[str]:
        own = self.standing.prefers if self.terms.members_own else None
        return sorted(self.terms.channels, key=lambda channel: channel != own)


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages; `{…}` are the verdict's facts."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A check. `otherwise` ends the pipeline when it fails; None only notes it. A control group
    goes on, so that it is known of it as well who could have been written to.

    `passed`, `failed`: where there are several, the first whose facts are known is told.
    """

    name: str
    judge: Callable[[Case], tuple[bool, Facts]]
    otherwise: Outcome | None
    passed: Words | tuple[Words, ...]
    failed: Words | tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found."""

    check: str
    passed: bool
    facts: Facts


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What becomes of everybody who stands like this, and why. `channel`: by which it leaves.

    There is one of each standing, so it is equal to itself alone.
    """

    outcome: Outcome
    eligible: bool
    channel: str | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a member on an occasion."""

    candidate: Candidate
    arm: str
    ruling: Ruling


def decide(case: Case, rules: Sequence[Rule]) -> Ruling:
    """One standing through the checks, up to the first that ends it."""
    verdicts: list[Verdict] = []
    outcome = Outcome.MESSAGE
    for rule in rules:
        passed, facts = rule.judge(case)
        verdicts.append(Verdict(rule.name, passed, facts))
        if passed or rule.otherwise is None:
            continue
        if rule.otherwise is Outcome.CONTROL:
            outcome = Outcome.CONTROL
            continue
        if outcome is Outcome.MESSAGE:
            outcome = rule.otherwise
        break
    channel = next(iter(case.open), None) if outcome is Outcome.MESSAGE else None
    return Ruling(outcome, case.eligible, channel, tuple(verdicts))


class Bench:
    """Judges one campaign's members at a moment: every standing once."""

    def __init__(
        self, terms: Terms, policy: Policy, rules: Sequence[Rule], now: datetime, spent_fen: int
    ) -> None:
        self._terms, self._policy, self._rules, self._now = terms, policy, rules, now
        self._left = terms.budget_fen - spent_fen
        self._due = policy.quiet.next_open(now)
        self._known: dict[Standing, Ruling] = {}

    def all(
        self, candidates: Iterable[Candidate], held_out: Callable[[UUID], str]
    ) -> Iterator[Decision]:
        """Every candidate in turn; each message decided leaves less of the budget to the next.

        `held_out`: of which control group a member is, "" of none.
        """
        for candidate in candidates:
            arm = held_out(candidate.member_id)
            standing = self._standing(candidate, arm)
            ruling = self._ruling(standing)
            if ruling.channel is not None:
                cost = self._policy.costs.get(ruling.channel, 0) + self._terms.offer_fen
                if cost > self._left:
                    ruling = self._ruling(standing._replace(affordable=False))
                else:
                    self._left -= cost
            yield Decision(candidate, arm or "treated", ruling)

    def _standing(self, one: Candidate, arm: str) -> Standing:
        terms = self._terms
        since = one.occasion if one.moment == "asked" else self._now
        stale = terms.stale_after is not None and self._due - since > terms.stale_after
        faults: tuple[tuple[str, str], ...] = ()
        if terms.fault is not no_fault:
            said = ((each, terms.fault(each, one.language, one.values)) for each in terms.channels)
            faults = tuple((channel, fault) for channel, fault in said if fault)
        return Standing(
            one.moment, one.tier, arm, one.objects, one.agreed, one.reach, one.suppressed,
            one.barred, one.prefers if terms.members_own else None, one.today, one.week,
            one.of_campaign, stale, faults,
        )  # fmt: skip

    def _ruling(self, standing: Standing) -> Ruling:
        found = self._known.get(standing)
        if found is None:
            case = Case(self._terms, self._policy, standing, self._now)
            found = self._known[standing] = decide(case, self._rules)
        return found
