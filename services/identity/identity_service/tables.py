"""The whole schema. Personal values are sealed tokens; `index` is `<kind>:<blind index>`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class Member(SQLModel, table=True):
    """An id that was registered. `merged_into` is always a live member, never a chain.

    The row of a merged member stays as it was at the merge; `filled` says of attributes that merges
    filled whose own they are. So a split can be exact.
    """

    member_id: UUID = Field(primary_key=True)
    registered_at: datetime = Field(sa_column=_moment())
    merged_into: UUID | None = Field(default=None, foreign_key="member.member_id", index=True)
    name: str | None = None
    gender: str | None = None  # null: unknown
    birthday: str | None = None
    birth_year: int | None = None
    birth_month: int | None = None
    address: str | None = None
    city: str | None = None
    region: str | None = None
    language: str
    channel: str | None = None
    filled: dict[str, str] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    fingerprint: bytes  # of the registration, to tell a retry from a reused id
    erased_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class BirthdayUntold(SQLModel, table=True):
    """A member whose birthday was known before birthdays were told; gone once it is."""

    __tablename__ = "birthday_untold"

    member_id: UUID = Field(primary_key=True)


class Identifier(SQLModel, table=True):
    """Equal values meet here: exactly one live owner each. `original_member_id` never changes."""

    index: str = Field(primary_key=True)
    kind: str
    value: str | None = None
    member_id: UUID = Field(foreign_key="member.member_id", index=True)
    original_member_id: UUID = Field(foreign_key="member.member_id")
    linked_at: datetime = Field(sa_column=_moment())
    source: str  # registration, staff, member, activity
    proven: bool = Field(True, sa_column_kwargs={"server_default": "true"})  # else: only claimed


class OwnershipChange(SQLModel, table=True):
    """Indexes and member ids of which a statement changed whose they are; null: perhaps of all.

    Written by triggers, read by whoever remembers; goes by and by, and at once with an erasure.
    """

    __tablename__ = "ownership_change"

    seq: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    keys: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))


class Merge(SQLModel, table=True):
    """What one merge did. `moved` is {identifiers: [index], members: [uuid], filled: [field]}."""

    merge_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(foreign_key="member.member_id", index=True)
    absorbed_id: UUID = Field(foreign_key="member.member_id", index=True)
    merged_at: datetime = Field(sa_column=_moment())
    evidence: str  # the shared identifier's index, or the reason staff gave
    source: str  # staff, activity
    actor: str
    moved: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    undone_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True)))


class KeptApart(SQLModel, table=True):
    """Ids that a split parted: no evidence, only staff makes one of them again."""

    __tablename__ = "kept_apart"

    one: UUID = Field(primary_key=True, foreign_key="member.member_id")
    other: UUID = Field(primary_key=True, foreign_key="member.member_id", index=True)
    merge_id: UUID = Field(foreign_key="merge.merge_id")
    since: datetime = Field(sa_column=_moment())


class MatchKeys(SQLModel, table=True):
    """What the gateway derived of a member, by the id that was registered; see contracts.matching.

    `blocks`: under which it meets others, null until it was compared. `trusted`: told by staff or
    by the member signed in.
    """

    __tablename__ = "match_keys"

    member_id: UUID = Field(primary_key=True, foreign_key="member.member_id")
    keys: bytes
    trusted: bool
    derived_at: datetime = Field(sa_column=_moment())
    blocks: list[int] | None = Field(default=None, sa_column=Column(ARRAY(BigInteger)))


class MergeReview(SQLModel, table=True):
    """Two members who may be one. `evidence` is {said: [[comparison, level, bits]]}."""

    __tablename__ = "merge_review"

    review_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(foreign_key="member.member_id")
    absorbed_id: UUID = Field(foreign_key="member.member_id", index=True)
    bits: float
    evidence: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: str  # open, merged, apart
    found_at: datetime = Field(sa_column=_moment())
    decided_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    decided_by: str | None = None
    merge_id: UUID | None = Field(default=None, foreign_key="merge.merge_id")


class LikenessWeights(SQLModel, table=True):
    """What a hunt over all members learnt: {prior, tables: {comparison: bits by level}}."""

    __tablename__ = "likeness_weights"

    learnt_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    searched_at: datetime = Field(sa_column=_moment())  # the last night newcomers were, by these
    population: int
    weights: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
