"""Members by day of birth."""

from uuid import UUID

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class Birthday(SQLModel, table=True):
    """The keyed index of a member's month and day of birth (birthdays.domain); no year."""

    member_id: UUID = Field(primary_key=True)
    index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
