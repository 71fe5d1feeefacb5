"""What tables are made of."""

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry(metadata=MetaData())):
    """This service's tables only: other services use the same names."""


class Moment(TIMESTAMP):
    """timestamptz."""

    def __init__(self) -> None:
        super().__init__(timezone=True)


def count(*, primary_key: bool = False) -> Any:
    """bigint."""
    return Field(sa_type=BigInteger, primary_key=primary_key)


def moment() -> Any:
    """A moment."""
    return Field(sa_type=Moment)


def document() -> Any:
    """jsonb."""
    return Field(sa_column=Column(JSONB, nullable=False))
