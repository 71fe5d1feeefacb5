"""Acts: what each brings, streaks, tasks it finishes. Pure.

Whatever the sequence in which acts arrive, and however often: their sum is the same. A daily act
counts once a day, a task once a period, a streak by its full rounds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from contracts.classification import Kind
from points_service.calendar import day_of
from points_service.earning.domain import Earning, Meter
from points_service.earning.rules.rule import About, Deed, Streak
from points_service.growth.domain import Gain
from points_service.members.domain import Member
from points_service.tasks.domain import TASK, Task
from points_service.tiers.domain import Ladder

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SLACK = timedelta(days=1)
REFERRAL = "referral"
# Whose a message is if it names several: the identifier that is most surely one person's.
STRENGTH = {
    kind: place
    for place, kind in enumerate(
        (
            Kind.PHONE, Kind.CARD_NO, Kind.WECHAT_UNIONID, Kind.MINIPROGRAM_OPENID,
            Kind.WECHAT_OPENID, Kind.ECOMMERCE_ACCOUNT, Kind.DOUYIN_ID, Kind.EMAIL, Kind.EXTERNAL,
            Kind.DEVICE_ID,
        )
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActKind:
    """`told_by`: member, staff or system; `events` tell it as well. `daily`: counts once a day."""

    kind: str
    told_by: str
    events: tuple[str, ...] = ()
    daily: bool = False
    social: bool = False


@dataclass(frozen=True)
class Customs:
    """All kinds of act and all tasks."""

    kinds: Mapping[str, ActKind]
    tasks: Sequence[Task] = ()

    @cached_property
    def by_event(self) -> dict[str, str]:
        """Kind by the name of the collected event."""
        return {event: each.kind for each in self.kinds.values() for event in each.events}


@dataclass(frozen=True, slots=True)
class Act:
    """Something a member did; `ref` is unique within its kind."""

    kind: str
    ref: str
    member_id: UUID
    occurred_at: datetime
    channel: str | None = None
    store: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same act."""
        return self.kind, self.ref


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act brought; not `counted`: it was done that day already, under another `ref`.

    `own` is the act's part of (growth, points), without tasks it finished; told the first time.
    """

    act: Act
    growth: int = 0
    points: int = 0
    streak: int = 0
    badges: tuple[str, ...] = ()
    counted: bool = True
    own: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that deciding needs; `days` of daily acts by (member, kind)."""

    customs: Customs
    ladder: Ladder
    members: Mapping[UUID, Member]
    earning: Earning
    recorded: Mapping[tuple[str, str], Outcome]
    days: Mapping[tuple[UUID, str], frozenset[date]]
    counts: Mapping[tuple[str, UUID, date], int]
    done: frozenset[tuple[str, UUID, date]]
    badges: frozenset[tuple[UUID, str]]


@dataclass(slots=True)
class Decided:
    """Outcomes by key, and all that has to be written."""

    meter: Meter
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    fresh: list[Outcome] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)
    done: dict[tuple[str, UUID, date], int] = field(default_factory=dict)
    badges: list[tuple[UUID, str, str, datetime]] = field(default_factory=list)
    days: dict[tuple[UUID, str], set[date]] = field(default_factory=dict)
    counts: dict[tuple[str, UUID, date], int] = field(default_factory=dict)


def happened(told: datetime, received_at: datetime) -> datetime:
    """When it happened; a time no honest clock would tell becomes the time of receipt."""
    return told if EARLIEST <= told <= received_at + CLOCK_SLACK else received_at


def streak(days: Iterable[date], day: date) -> Streak:
    """How many days in a row there are on both sides of a day."""
    known = set(days)
    sides = []
    for direction in (-1, 1):
        length = 0
        while day + timedelta(days=direction * (length + 1)) in known:
            length += 1
        sides.append(length)
    return Streak(*sides)


def decide(acts: Sequence[Act], facts: Facts) -> Decided:
    """Fold acts of living, known members in the sequence in which they happened."""
    decided = Decided(Meter(facts.earning.known))
    for act in sorted(acts, key=lambda act: (act.occurred_at, act.key)):
        if act.key in decided.outcomes:
            continue
        before = facts.recorded.get(act.key)
        outcome = before or _fold(act, facts, decided)
        decided.outcomes[act.key] = outcome
        if not before and outcome.counted:
            decided.fresh.append(outcome)
    return decided


def _fold(act: Act, facts: Facts, decided: Decided) -> Outcome:
    kind, day = facts.customs.kinds[act.kind], day_of(act.occurred_at)
    run = Streak()
    if kind.daily:
        days = decided.days.setdefault(
            (act.member_id, act.kind), set(facts.days.get((act.member_id, act.kind), ()))
        )
        run = streak(days, day)
        if day in days:
            return Outcome(act, streak=run.before + 1, counted=False)
        days.add(day)
    member = facts.members[act.member_id]
    deed = Deed(
        kind=act.kind,
        at=act.occurred_at,
        tier=member.tier,
        tier_percent=facts.ladder.rung(member.tier).points_percent,
        store=act.store,
        channel=act.channel,
        about=facts.earning.about.get(act.member_id, About()),
        streak=run,
    )
    plan = facts.earning.rules.plan(act.kind, act.occurred_at)
    earned = plan.rate(deed, act.member_id, decided.meter)
    decided.gains.append(
        Gain(
            act.member_id, act.kind, act.ref, act.occurred_at, earned.growth, earned.points,
            interactions=1, social=int(kind.social), referrals=int(act.kind == REFERRAL),
        )
    )  # fmt: skip
    tasks = [gain for task in facts.customs.tasks if (gain := _finish(act, task, facts, decided))]
    decided.gains += [gain for gain, _ in tasks]
    return Outcome(
        act,
        earned.growth + sum(gain.growth for gain, _ in tasks),
        earned.points + sum(gain.points for gain, _ in tasks),
        run.before + 1 if kind.daily else 0,
        tuple(badge for _, badge in tasks if badge),
        own=(earned.growth, earned.points),
    )


def _finish(act: Act, task: Task, facts: Facts, decided: Decided) -> tuple[Gain, str | None] | None:
    """What a task brings if this act finishes it: the gain, and the badge if it is a new one."""
    if task.act != act.kind or not task.counts(act.occurred_at):
        return None
    holder, at = act.member_id, act.occurred_at
    begin = task.begins(day_of(at))
    turn = (task.task_id, holder, begin)
    decided.counts[turn] = decided.counts.get(turn, facts.counts.get(turn, 0)) + 1
    if turn in facts.done or turn in decided.done or decided.counts[turn] < task.times:
        return None
    decided.done[turn] = decided.counts[turn]
    badge = task.badge
    owned = {(member_id, code) for member_id, code, _, _ in decided.badges} | facts.badges
    if badge and (holder, badge) not in owned:
        decided.badges.append((holder, badge, task.task_id, at))
    else:
        badge = None
    ref = f"{task.task_id}/{holder}/{begin}"
    return Gain(holder, TASK, ref, at, task.growth, task.points), badge
