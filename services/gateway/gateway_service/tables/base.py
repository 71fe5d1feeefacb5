"""What the pages share."""

from typing import Any

from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Text
from sqlmodel import Field


def moment(*, nullable: bool = False) -> Any:
    """A `timestamptz`."""
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def octets(*, nullable: bool = False, primary_key: bool = False) -> Any:
    """A `bytea`."""
    return Field(sa_column=Column(LargeBinary, nullable=nullable, primary_key=primary_key))


def texts() -> Any:
    """A `text[]`."""
    return Field(sa_column=Column(ARRAY(Text), nullable=False))
