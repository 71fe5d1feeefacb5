"""Files that are taken in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


def _number(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigInteger, nullable=nullable))


class ImportJob(SQLModel, table=True):
    """An import: what its columns mean, and how far it is."""

    __tablename__ = "import_job"
    job_id: UUID = Field(primary_key=True)
    kind: str
    source: str
    state: str
    fields: list[str | None] = Field(sa_column=Column(JSONB, nullable=False))
    defaults: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    encoding: str
    delimiter: str
    sha256: bytes = octets()
    parts: int
    asked_by: str
    asked_at: datetime = moment()
    started_at: datetime | None = moment(nullable=True)
    finished_at: datetime | None = moment(nullable=True)
    rows: int | None = _number(nullable=True)
    rows_done: int = _number()
    imported: int = _number()
    known: int = _number()
    quarantined: int = _number()
    dropped: int = _number()
    error: str | None


class ImportPart(SQLModel, table=True):
    """A part of a file, encrypted, until the job is done."""

    __tablename__ = "import_part"
    job_id: UUID = Field(primary_key=True, foreign_key="import_job.job_id")
    part: int = Field(primary_key=True)
    content: bytes = octets()
    received_at: datetime = moment()
