"""What the pages of the schema share: the base of tables, and kinds of columns."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """Base of this service's tables (a registry of its own: table names repeat across services)."""


def text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def big(*, primary_key: bool = False, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=primary_key, nullable=nullable))


def moment(*, primary_key: bool = False, nullable: bool = False) -> Any:
    zoned = DateTime(timezone=True)
    return Field(sa_column=Column(zoned, primary_key=primary_key, nullable=nullable))


def document(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable))


def many(kind: type[Any]) -> Any:
    return Field(sa_column=Column(ARRAY(kind), nullable=False))
