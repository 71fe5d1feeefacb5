"""A member's way through a graph: what it is made of, and one step of it. Pure.

Time in a journey is its own: a step happens when the event that led to it happened or when the
wait was over, however much later somebody looked. So a path does not depend on when that was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, TypeVar
from uuid import UUID

from contracts.campaign.journey_nodes import Condition, Heard, Where
from contracts.campaign.journeys import Definition, Reentry

Facts = dict[str, str | int]
H = TypeVar("H", bound=Heard)
FRESH = timedelta(days=3)  # what is told later is history, and lets nobody in
MESSAGE_STATES = {
    "held": "waiting", "requested": "waiting", "sent": "sent", "delivered": "delivered",
    "refused": "refused", "withdrawn": "refused", "failed": "failed", "unknown": "failed",
    "opened": "opened", "clicked": "clicked", "message": "waiting", "skipped": "skipped",
    "control": "control",
}  # fmt: skip
MOST_STEPS = 500  # of one way; a journey that goes round and round ends there


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages; `{…}` are the facts of a step."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to a member. With its name, `key` says what it was: told twice, it
    is one."""

    name: str
    key: str
    member_id: UUID
    occurred_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def campaign(self) -> str | None:
        """Whose message it is about, if it is about one."""
        return self.properties.get("campaign")

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands among what happened to the member."""
        return self.occurred_at, f"{self.name} {self.key}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is true of a member as far as branches ask. `message`: what became of the last one."""

    tier: str | None = None
    language: str = "zh"
    segments: frozenset[UUID] = frozenset()
    message: str = "none"


@dataclass(slots=True)
class Run:
    """A member's way, as far as it has come. See the table for what the fields are."""

    run_id: UUID
    journey_id: UUID
    version: int
    member_id: UUID
    original_member_id: UUID
    entered_at: datetime
    entered_by: str
    control: bool
    node: str
    at: datetime
    mark: str
    due_at: datetime | None
    steps: int
    arms: dict[str, str]
    message: dict[str, Any] | None
    path: list[tuple[str, str, str, Facts]] = field(default_factory=list)  # new steps only
    wake_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.steps == 0 and self.due_at is None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node may look at: what is known by `now`.

    `signals` of the member in turn, the one that let the run in left out; `done`: what came of the
    act that the node wants; `zone`: of the programme.
    """

    now: datetime
    zone: tzinfo
    signals: Sequence[Signal] = ()
    known: Known = Known()
    done: str | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Leaves the node: where to (None: it ends), when, and why."""

    to: str | None
    at: datetime
    why: str
    facts: Facts = field(default_factory=dict)
    mark: str = ""
    arm: str | None = None
    reason: str = "end"


@dataclass(frozen=True, slots=True)
class Stay:
    """Waits here until then at the latest."""

    due_at: datetime


Outcome = Go | Stay


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node: what it makes of a run, and its words by what it tells.

    `leads`: where to, as (pointer within the node, node). `waits`: time passes here, so that a way
    may come round to it again. `acts`: something is done here, which is not taken back.
    """

    decide: Callable[[Any, Run, Surroundings], Outcome]
    words: Mapping[str, Words]
    leads: Callable[[Any], Iterator[tuple[str, str]]]
    waits: bool = False
    acts: bool = False


def holds(where: Sequence[Where], properties: Mapping[str, Any]) -> bool:
    """Whether an event is as wanted; what it does not tell never is."""
    return all(_fits(each, properties.get(each.property)) for each in where)


def _fits(where: Where, value: Any) -> bool:
    if value is None:
        return False
    values = {str(each) for each in (value if isinstance(value, list) else [value])}
    if where.any_of is not None and values.isdisjoint(map(str, where.any_of)):
        return False
    if where.at_least is None and where.at_most is None:
        return True
    if not isinstance(value, int | float):
        return False
    above = where.at_least is None or value >= where.at_least
    return above and (where.at_most is None or value <= where.at_most)


def first_heard(
    wanted: Sequence[H], signals: Sequence[Signal], *, after: tuple[datetime, str], until: datetime
) -> tuple[Signal, H] | None:
    """The earliest event that one of these waits for."""
    for signal in signals:
        if signal.place <= after or signal.occurred_at > until:
            continue
        for each in wanted:
            if each.on == signal.name and holds(each.where, signal.properties):
                return signal, each
    return None


def true_of(when: Condition, run: Run, around: Surroundings) -> bool:
    """Whether everything that is asked is so, at the moment that the run has come to."""
    known = around.known
    orders = sum(
        signal.name == "order_paid" and run.entered_at < signal.occurred_at <= run.at
        for signal in around.signals
    )
    return (
        (not when.tiers or known.tier in when.tiers)
        and known.segments.issuperset(when.segments)
        and known.segments.isdisjoint(when.not_in)
        and (when.ordered is None or when.ordered == (orders > 0))
        and (when.orders_at_least is None or orders >= when.orders_at_least)
        and (when.language is None or known.language == when.language)
        and (not when.message or known.message in when.message)
    )


def conditions(definition: Definition) -> Iterator[Condition]:
    """All that a journey asks of members."""
    if definition.entry.when is not None:
        yield definition.entry.when
    for node in definition.nodes.values():
        if node.kind == "branch":
            for case in node.cases:
                yield case.when


def again(reentry: Reentry) -> timedelta | None:
    """How long after the last time somebody gets in again; None: never."""
    if reentry.rule == "never":
        return None
    return timedelta(days=reentry.days or 0)


def watches(definition: Definition) -> set[tuple[str, str, str]]:
    """What is heard, as (event, role, node)."""
    found = {(each.on, "exit", "") for each in definition.exits}
    if definition.entry.on != "audience":
        found.add((definition.entry.on, "entry", ""))
    for name, node in definition.nodes.items():
        if node.kind == "wait_for":
            found |= {(each.on, "wait", name) for each in node.events}
    counts = [each for each in conditions(definition)
              if each.ordered is not None or each.orders_at_least is not None]  # fmt: skip
    return {*found, *((("order_paid", "count", ""),) if counts else ())}


def take(run: Run, go: Go) -> None:
    """The run after a step."""
    run.path.append((run.node, go.at.isoformat(), go.why, go.facts))
    run.steps += 1
    if go.arm is not None:
        run.arms = {**run.arms, run.node: go.arm}
    run.at, run.mark, run.due_at = go.at, go.mark, None
    if go.to is None:
        run.ended_at, run.reason, run.wake_at = go.at, go.reason, None
    elif run.steps >= MOST_STEPS:
        run.ended_at, run.reason, run.wake_at = go.at, "too_many_steps", None
    else:
        run.node = go.to


def leave(run: Run, signal: Signal, name: str) -> None:
    """The run after an exit."""
    run.path.append(
        (run.node, signal.occurred_at.isoformat(), "exit", {"event": signal.name, "exit": name})
    )
    run.steps += 1
    run.at, run.due_at, run.wake_at = signal.occurred_at, None, None
    run.ended_at, run.reason = signal.occurred_at, name


def gone(definition: Definition, run: Run, around: Surroundings, until: datetime) -> bool:
    """Let the run out if an exit happened by then; answers whether one did."""
    out = first_heard(definition.exits, around.signals, after=(run.entered_at, ""), until=until)
    if out is None:
        return False
    leave(run, out[0], out[1].name)
    return True


def advance(definition: Definition, kind: Kind, run: Run, around: Surroundings) -> bool:
    """One step of a run; False where it waits now or has ended.

    Of leaving the node and leaving the journey, what happened first counts. Where something is
    done, whoever is known to have left by now has left: `gone` is asked before the act.
    """
    outcome = kind.decide(definition.nodes[run.node], run, around)
    if isinstance(outcome, Stay):
        run.due_at = run.wake_at = outcome.due_at
        gone(definition, run, around, around.now)
        return False
    if not kind.acts and gone(definition, run, around, outcome.at):
        return False
    take(run, outcome)
    return run.ended_at is None
