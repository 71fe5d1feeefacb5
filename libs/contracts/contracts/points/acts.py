"""What members do besides buying: acts, tasks, badges, questionnaires."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, Operation
from contracts.points.common import LARGEST, Cny, Code, Moment, Words
from contracts.points.conditions import EarningCondition
from contracts.roles import EVERYONE, READING, SERVING, STAFF, Role

EventName = Annotated[str, Field(pattern=r"^[^\x00]{1,256}$"), public]


class ActKindBody(Model):
    """A kind of act. `told_by`: who may tell it (member: also the member; system: nobody).

    `events` are names of collected events that tell it too. `daily`: once a day, in streaks.
    """

    name: Annotated[Words, public]
    told_by: Annotated[Literal["member", "staff", "system"], public] = "staff"
    events: Annotated[list[EventName], Field(max_length=50), public] = Field(default_factory=list)
    daily: Annotated[bool, public] = False
    social: Annotated[bool, public] = False  # counts as social or green contribution


class ActKind(ActKindBody):
    """A kind of act with its code."""

    kind: Annotated[Code, public]


class ActKinds(Model):
    """All kinds."""

    data: Annotated[list[ActKind], public]


class ActRequest(Model):
    """Something a member did. The same `ref` of a kind is the same act and is counted once."""

    kind: Annotated[Code, public]
    ref: Annotated[str | None, Field(pattern=r"^[\w.:/#-]{1,128}$"), internal] = None
    occurred_at: Annotated[Moment | None, public] = None
    channel: Annotated[str | None, Field(pattern=r"^[^\x00]{1,64}$"), public] = None
    store: Annotated[str | None, Field(pattern=r"^[^\x00]{1,64}$"), public] = None


class ActAnswer(Model):
    """What the act brought, tasks it finished included.

    `counted` is false where a daily act was done that day already. `streak`: days in a row up to
    that day. `badges` are new ones.
    """

    member_id: Annotated[UUID, internal]
    kind: Annotated[str, public]
    counted: Annotated[bool, public]
    growth: Annotated[int, public]
    points: Annotated[int, public]
    streak: Annotated[int, public]
    badges: Annotated[list[str], public]
    tier: Annotated[str, public]
    balance: Annotated[int, public]


class Badge(Model):
    """What members show."""

    badge: Annotated[Code, public]
    name: Annotated[Words, public]


class TaskPurchases(Model):
    """Orders that count for a task: those of which all `conditions` hold.

    Kinds are those of earning rules that need nothing but the order: amount, brand, category,
    channel, dates, department, sku, store, weekday.

    With `spend` it is not orders that are counted but what was paid for their goods, in all.
    """

    conditions: Annotated[list[EarningCondition], Field(max_length=20), public] = Field(
        default_factory=list
    )
    spend: Annotated[Cny | None, public] = None


class TaskBody(Model):
    """Do an `act`, or make `purchases`, `times` times within a `period` (or spend so much in it);
    then it brings growth, points and a badge, once a period.

    What is given back counts no more; if the rest is too little, what the task brought is taken
    back. Goods bought in its place bring it again.
    """

    name: Annotated[Words, public]
    act: Annotated[Code | None, public] = None
    purchases: Annotated[TaskPurchases | None, public] = None
    times: Annotated[int, Field(gt=0, le=100_000), public] = 1
    period: Annotated[Literal["day", "week", "month", "year", "ever"], public] = "month"
    growth: Annotated[int, Field(ge=0, le=LARGEST), public] = 0
    points: Annotated[int, Field(ge=0, le=LARGEST), public] = 0
    badge: Annotated[Badge | None, public] = None
    valid_from: Annotated[Moment | None, public] = None
    valid_until: Annotated[Moment | None, public] = None


class Task(TaskBody):
    """A task with its code."""

    task_id: Annotated[Code, public]


class Tasks(Model):
    """All tasks."""

    data: Annotated[list[Task], public]


class TaskProgress(Model):
    """How far a member is in the period that began on `since`: `done` of the task's `times`, or fen
    of what is to be spent."""

    task: Annotated[Task, public]
    since: Annotated[date, public]
    done: Annotated[int, public]
    finished: Annotated[bool, public]


class MemberTasks(Model):
    """A member's tasks of today."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[TaskProgress], public]


class EarnedBadge(Model):
    """A badge a member has."""

    badge: Annotated[str, public]
    name: Annotated[Words, public]
    earned_at: Annotated[datetime, public]


class MemberBadges(Model):
    """A member's badges, the oldest first."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[EarnedBadge], public]


class Option(Model):
    """A possible answer."""

    option: Annotated[Code, public]
    text: Annotated[Words, public]


class Question(Model):
    """A question; so many options may be picked."""

    question: Annotated[Code, public]
    text: Annotated[Words, public]
    options: Annotated[list[Option], Field(min_length=2, max_length=50), public]
    pick_at_most: Annotated[int, Field(ge=1, le=50), public] = 1


class Questionnaire(Model):
    """Questions to choose answers to: no free text, so that nothing personal comes in with it."""

    questionnaire_id: Annotated[Code, public]
    name: Annotated[Words, public]
    questions: Annotated[list[Question], Field(min_length=1, max_length=100), public]
    valid_until: Annotated[Moment | None, public] = None


class Questionnaires(Model):
    """All of them."""

    data: Annotated[list[Questionnaire], public]


class Answers(Model):
    """Options picked, by question."""

    answers: Annotated[dict[Code, list[Code]], Field(max_length=100), internal]


PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})
_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/act-kinds", "points", "Kinds of act",
        STAFF, response=ActKinds, own=None, tags=("earning",),
    ),
    Operation(
        "PUT", "/v1/act-kinds/{kind}", "points", "Add or change a kind of act",
        PLANNING, ActKindBody, ActKind, own=None, tags=("earning",),
    ),
    Operation(
        "POST", f"{_MEMBER}/acts", "points", "A member did something: check in, share, recycle, …",
        SERVING | {Role.MEMBER, Role.PARTNER}, ActRequest, ActAnswer,
        query=(DRY_RUN,), idempotent=True, tags=("earning",),
    ),
    Operation(
        "GET", f"{_MEMBER}/badges", "points", "Badges of a member",
        READING, response=MemberBadges, tags=("earning",),
    ),
    Operation(
        "GET", f"{_MEMBER}/tasks", "points", "Tasks and how far the member is",
        READING, response=MemberTasks, tags=("earning",),
    ),
    Operation(
        "GET", "/v1/tasks", "points", "All tasks",
        EVERYONE, response=Tasks, own=None, tags=("earning",),
    ),
    Operation(
        "POST", "/v1/tasks", "points", "Add a task",
        PLANNING, Task, Task, idempotent=True, own=None, tags=("earning",),
    ),
    Operation(
        "GET", "/v1/questionnaires", "points", "All questionnaires",
        EVERYONE, response=Questionnaires, own=None, tags=("earning",),
    ),
    Operation(
        "POST", "/v1/questionnaires", "points", "Add a questionnaire",
        PLANNING, Questionnaire, Questionnaire, idempotent=True, own=None, tags=("earning",),
    ),
    Operation(
        "POST", f"{_MEMBER}/questionnaires/{{questionnaire_id}}/answers", "points",
        "Answer a questionnaire, once",
        SERVING | {Role.MEMBER}, Answers, ActAnswer, idempotent=True, tags=("earning",),
    ),
]  # fmt: skip
