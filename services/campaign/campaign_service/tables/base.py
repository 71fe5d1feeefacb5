"""What the pages share."""

from typing import Any

from sqlalchemy import BigInteger, Column, Identity, MetaData
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry(metadata=MetaData())):
    """This service's tables only: other services use the same names."""


def moment(*, nullable: bool = False, primary_key: bool = False) -> Any:
    """A `timestamptz`."""
    kind = TIMESTAMP(timezone=True)
    return Field(sa_column=Column(kind, nullable=nullable, primary_key=primary_key))


def document(*, nullable: bool = False) -> Any:
    """A `jsonb`."""
    return Field(sa_column=Column(JSONB, nullable=nullable))


def sequence(*, primary_key: bool = False) -> Any:
    """Numbers that lists are ordered by."""
    return Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=primary_key))
