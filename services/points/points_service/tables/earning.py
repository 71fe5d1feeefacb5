"""Growth and what it is earned by."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


def _texts() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False))


class GrowthEntry(Table, table=True):
    """Growth gained (or, < 0, taken back by a refund), by what it came from."""

    __tablename__ = "growth_entry"
    entry_id: int = count(primary_key=True)
    member_id: UUID
    kind: str
    amount: int = count()
    ref: str
    occurred_at: datetime = moment()


class Product(Table, table=True):
    """A known article."""

    sku: str = Field(primary_key=True)
    department: str | None
    category: str | None
    brand: str | None


class Store(Table, table=True):
    """A known shop."""

    store_id: str = Field(primary_key=True)


class EarningRule(Table, table=True):
    """A version of a rule (`contracts.points.earning.EarningRule`) and when it was in force."""

    __tablename__ = "earning_rule"
    rule_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = document()
    in_force_from: datetime = moment()
    in_force_until: datetime | None = moment()
    written_by: str


class EarningVersion(Table, table=True):
    """One row; grows with every change of a rule, a kind of act or a task."""

    __tablename__ = "earning_version"
    one: bool = Field(primary_key=True)
    version: int = count()


class RuleBudget(Table, table=True):
    """What a rule with a budget has given in all."""

    __tablename__ = "rule_budget"
    rule_id: str = Field(primary_key=True)
    used: int = count()


class RuleUse(Table, table=True):
    """What a limited rule gave a member on a day; merges move it."""

    __tablename__ = "rule_use"
    rule_id: str = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    used: int = count()


class MemberTags(Table, table=True):
    """A member's tags as profile told them last; profile tells a survivor's after a merge."""

    __tablename__ = "member_tags"
    member_id: UUID = Field(primary_key=True)
    version: int = count()
    tags: list[str] = document()


class ActKind(Table, table=True):
    """A kind of act: `contracts.points.acts.ActKindBody`."""

    __tablename__ = "act_kind"
    kind: str = Field(primary_key=True)
    definition: dict[str, Any] = document()


class Act(Table, table=True):
    """Something a member did, with its answer; `ref` is the client's or the messageId."""

    kind: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    member_id: UUID  # merges move it
    occurred_at: datetime = moment()
    day: date
    growth: int = count()
    points: int = count()
    streak: int
    badges: list[str] = _texts()
    recorded_at: datetime = moment()


class ParkedAct(Table, table=True):
    """An act of somebody not known yet; `holder` is an identifier's index, or member:<id>."""

    __tablename__ = "parked_act"
    kind: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    holder: str
    occurred_at: datetime = moment()
    channel: str | None
    store: str | None
    parked_at: datetime = moment()


class Identifier(Table, table=True):
    """Whose an identifier is, as identity told; read it through `members.survivors`."""

    index: str = Field(primary_key=True)
    member_id: UUID


class DeviceSighting(Table, table=True):
    """A device that somebody used: `holder` as in ParkedAct."""

    __tablename__ = "device_sighting"
    holder: str = Field(primary_key=True)
    device: str = Field(primary_key=True)


class Task(Table, table=True):
    """A task: `contracts.points.acts.TaskBody`."""

    task_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()
    written_at: datetime = moment()
    written_by: str


class TaskDone(Table, table=True):
    """A member finished a task in the period that began on that day; merges move it.

    `turn`: how often, if refunds took it back; `taken_back_at` while they do.
    """

    __tablename__ = "task_done"
    task_id: str = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    period: date = Field(primary_key=True)
    done_at: datetime = moment()
    turn: int
    taken_back_at: datetime | None = moment()


class TaskPurchase(Table, table=True):
    """An order that counts for a task: its `lines` (None: all), and fen of them not given back."""

    __tablename__ = "task_purchase"
    task_id: str = Field(primary_key=True)
    order_no: str = Field(primary_key=True)
    member_id: UUID  # whose it is now; merges move it
    paid_at: datetime = moment()
    lines: list[int] | None = Field(sa_column=Column(JSONB, nullable=True))
    fen: int = count()


class MemberBadge(Table, table=True):
    """A badge and the task that brought it; merges move it."""

    __tablename__ = "member_badge"
    member_id: UUID = Field(primary_key=True)
    badge: str = Field(primary_key=True)
    task_id: str
    earned_at: datetime = moment()


class Questionnaire(Table, table=True):
    """A questionnaire: `contracts.points.acts.Questionnaire`."""

    questionnaire_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()
    written_at: datetime = moment()
    written_by: str


class QuestionnaireAnswer(Table, table=True):
    """What a member answered, once; merges move it."""

    __tablename__ = "questionnaire_answer"
    questionnaire_id: str = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    answers: dict[str, Any] = document()
    answered_at: datetime = moment()


class Enrolment(Table, table=True):
    """When a member registered."""

    member_id: UUID = Field(primary_key=True)
    enrolled_at: datetime = moment()


class ReferralCode(Table, table=True):
    """A member's code; merges move it."""

    __tablename__ = "referral_code"
    code: str = Field(primary_key=True)
    member_id: UUID
    made_at: datetime = moment()


class Referral(Table, table=True):
    """Who brought whom; merges move both. `growth` and `points` are what the reward was."""

    referral_id: UUID = Field(primary_key=True)
    referrer_id: UUID
    referred_id: UUID
    status: str
    reasons: list[str] = _texts()
    attributed_at: datetime = moment()
    first_order_no: str | None
    purchased_at: datetime | None = moment()
    rewarded_at: datetime | None = moment()
    growth: int = count()
    points: int = count()
    decided_by: str | None
