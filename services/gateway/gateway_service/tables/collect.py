"""What could not be collected."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class Quarantine(SQLModel, table=True):
    """A collected message that could not be taken; its payload is sealed."""

    id: UUID = Field(primary_key=True)
    received_at: datetime = moment()
    stage: str
    source: str
    reason: str
    pointer: str
    payload: str
    replayed_at: datetime | None = moment(nullable=True)
