"""The pipeline: a case goes through the checks in order; each leaves a verdict."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from campaign_service.audiences.domain import Member, Picking
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
class Policy:
    """What holds for every campaign."""

    quiet: QuietHours
    message_cost_fen: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What one campaign says. `salt` seeds its control group."""

    salt: str
    picking: Picking
    control_share: float
    budget_fen: int


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member, the occasion for a contact, how many messages are planned or sent for the day in
    question, and whether the member objects to automated decisions. `step`, `values`: as asked."""

    member: Member
    occasion: datetime
    messages_that_day: int
    objects: bool = False
    step: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a check may look at. `spent_fen`: what the campaign has committed so far."""

    terms: Terms
    policy: Policy
    candidate: Candidate
    now: datetime
    spent_fen: int


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages; `{…}` are the verdict's facts."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A check. `otherwise` ends the pipeline when it fails; None only notes it.

    `passed`: where there are several, the first whose facts are known is told.
    """

    name: str
    judge: Callable[[Case], tuple[bool, Facts]]
    otherwise: Outcome | None
    passed: Words | tuple[Words, ...]
    failed: Words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found."""

    check: str
    passed: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a member on an occasion (`lapse`), and why; `due_at`: not to leave before."""

    member_id: UUID
    lapse: datetime
    language: str
    outcome: Outcome
    due_at: datetime
    verdicts: tuple[Verdict, ...]
    step: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def decide(case: Case, rules: Sequence[Rule]) -> Decision:
    """One member through the checks, up to the first that ends it."""
    member = case.candidate.member
    verdicts: list[Verdict] = []
    outcome = Outcome.MESSAGE
    for rule in rules:
        passed, facts = rule.judge(case)
        verdicts.append(Verdict(rule.name, passed, facts))
        if not passed and rule.otherwise is not None:
            outcome = rule.otherwise
            break
    return Decision(
        member.member_id,
        case.candidate.occasion,
        member.language,
        outcome,
        case.policy.quiet.next_open(case.now),
        tuple(verdicts),
        case.candidate.step,
        case.candidate.values,
    )


def decide_all(
    candidates: Iterable[Candidate],
    rules: Sequence[Rule],
    *,
    terms: Terms,
    policy: Policy,
    now: datetime,
    spent_fen: int,
) -> list[Decision]:
    """Every candidate in turn; each message decided leaves less of the budget to the next."""
    decisions = []
    for candidate in candidates:
        decision = decide(Case(terms, policy, candidate, now, spent_fen), rules)
        if decision.outcome is Outcome.MESSAGE:
            spent_fen += policy.message_cost_fen
        decisions.append(decision)
    return decisions
