"""Benefits, how often they were used, and applications."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, document, moment


class Benefit(Table, table=True):
    """A benefit as configuration (`benefits.definition`)."""

    benefit_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()
    version: int
    changed_at: datetime = moment()
    changed_by: str


class BenefitUse(Table, table=True):
    """A use in a period (its first day); one that was given back counts no more."""

    __tablename__ = "benefit_use"
    use_id: UUID = Field(primary_key=True)
    member_id: UUID  # who holds it now; merges move it
    benefit_id: str
    period: date
    used_at: datetime = moment()
    channel: str | None
    store: str | None
    given_back_at: datetime | None = moment()


class BenefitApplication(Table, table=True):
    """An application; its use is given back when it is refused."""

    __tablename__ = "benefit_application"
    application_id: UUID = Field(primary_key=True)
    use_id: UUID
    member_id: UUID  # who holds it now; merges move it
    benefit_id: str
    area: str | None
    note: str | None
    order_no: str | None
    status: str  # applied, accepted, fulfilled, refused
    reason: str | None
    applied_at: datetime = moment()
    due_at: datetime = moment()
    changed_at: datetime = moment()
    changed_by: str
    told_overdue: bool


class MemberBirthday(Table, table=True):
    """A year's birthday of a member; `given`: what the tier gives for it. Merges move it."""

    __tablename__ = "member_birthday"
    member_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True)
    day: date
    given: bool
