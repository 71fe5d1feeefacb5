"""Tags as data, conditions, standings and segments."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer
from sqlmodel import Field

from profile_service.tables.base import Row, big, document, many, moment, text


class TagRuleRow(Row, table=True):
    """A tag that a document defines; of each the greatest version counts.

    `upto` is the last member that it was decided for afresh, `done` how many by then.
    """

    __tablename__ = "tag_rule"
    tag: str = text(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = document()
    changed_by: str = text()
    changed_at: datetime = moment()
    upto: int = big()
    done: int
    finished_at: datetime | None = moment(nullable=True)


class TagReviewRow(Row, table=True):
    """A tag that suddenly changed, and what was decided about that: accept, or keep it."""

    __tablename__ = "tag_review"
    review_id: UUID = Field(primary_key=True)
    subject_id: int = big()
    tag: str = text()
    before: str | None = text(default=None)
    after: str | None = text(default=None)  # null: lost
    confidence: float
    flipped_at: datetime = moment()
    decision: str | None = text(default=None)
    decided_by: str | None = text(default=None)
    decided_at: datetime | None = moment(nullable=True)


class TagWatchRow(Row, table=True):
    """Which changes of a tag go to review (contracts.tag_watches), in place of what is shipped."""

    __tablename__ = "tag_watch"
    tag: str = text(primary_key=True)
    document: dict[str, Any] = document()
    changed_by: str = text()
    changed_at: datetime = moment()


class TagFlipRow(Row, table=True):
    """A change of a watched tag of a person, by the root of the moment."""

    __tablename__ = "tag_flip"
    id: int = big(primary_key=True)
    subject_id: int = big()
    tag: str = text()
    before: str | None = text(default=None)
    after: str | None = text(default=None)
    flipped_at: datetime = moment()


class TagPinRow(Row, table=True):
    """A tag that is kept by decision, whatever its rule says, until a day."""

    __tablename__ = "tag_pin"
    subject_id: int = big(primary_key=True)
    tag: str = text(primary_key=True)
    value: str | None = text(default=None)
    confidence: float
    until: date
    rule: str = text()


class ConditionRow(Row, table=True):
    """Conditions that were ever kept for everybody, by a small number; never changed."""

    __tablename__ = "condition"
    id: int = Field(primary_key=True)
    key: str = text()  # conditions.domain.key_of


class StandingRow(Row, table=True):
    """A person (by root) with a dense number: what is true of them, and the segments they are in.

    `version` grows with each change, in the sequence of commits: bitmaps are kept up by it.
    """

    __tablename__ = "standing"
    subject_id: int = big(primary_key=True)
    ordinal: int
    conditions: list[int] = many(Integer)
    segments: list[int] = many(Integer)
    version: int = big()


class StandingGoneRow(Row, table=True):
    """Numbers that stand for nobody any more; they are not given out again."""

    __tablename__ = "standing_gone"
    ordinal: int = Field(primary_key=True)
    version: int = big()


class SegmentRow(Row, table=True):
    """A segment, the small number that rows keep of it, and the version that counts."""

    __tablename__ = "segment"
    segment_id: UUID = Field(primary_key=True)
    number: int
    version: int


class SegmentVersionRow(Row, table=True):
    """A segment as it was, and is. `definition` null: a static list."""

    __tablename__ = "segment_version"
    segment_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    name: str = text()
    definition: dict[str, Any] | None = document(nullable=True)
    changed_by: str = text()
    changed_at: datetime = moment()


class SegmentListRow(Row, table=True):
    """Who was put on a static list."""

    __tablename__ = "segment_list"
    segment_id: UUID = Field(primary_key=True)
    subject_id: int = big(primary_key=True)
    added_at: datetime = moment()


class MemberTierRow(Row, table=True):
    """The tier that points told last."""

    __tablename__ = "member_tier"
    subject_id: int = big(primary_key=True)
    tier: str = text()
    changed_at: datetime = moment()


class MemberConsentRow(Row, table=True):
    """The answer that the gateway told last; `channel` "" where the purpose has none."""

    __tablename__ = "member_consent"
    subject_id: int = big(primary_key=True)
    purpose: str = text(primary_key=True)
    channel: str = text(primary_key=True)
    granted: bool
    changed_at: datetime = moment()
