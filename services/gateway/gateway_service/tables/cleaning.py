"""What was corrected in what was told."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class Correction(SQLModel, table=True):
    """What a rule did with a field; `before` and `after` only of fields that are not personal.

    `member_id` is null for somebody who was named by an identifier only.
    """

    id: UUID = Field(primary_key=True)
    corrected_at: datetime = moment()
    member_id: UUID | None = None
    source: str
    field: str
    rule: str
    before: str | None = None
    after: str | None = None
