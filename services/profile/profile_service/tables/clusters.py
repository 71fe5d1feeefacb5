"""Clusters that the data shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from profile_service.tables.base import Row, big, document, moment, text


class ClusteringRow(Row, table=True):
    """One row: when clusters were last found, how well they fit, whether they are to be again."""

    __tablename__ = "clustering"
    one: bool = Field(primary_key=True)
    waiting: bool
    found_at: datetime | None = moment(nullable=True)
    report: dict[str, Any] | None = document(nullable=True)


class ClusterRow(Row, table=True):
    """A cluster and its segment; `size` in members; 0: it is one no more."""

    __tablename__ = "cluster"
    number: int = Field(primary_key=True)
    segment_id: UUID
    zh: str = text()
    en: str = text()
    described_zh: str = text()
    described_en: str = text()
    size: int
    traits: list[dict[str, Any]] = document()
    since: datetime = moment()


class MemberClusterRow(Row, table=True):
    """The cluster that a person, by the root of the moment, is in."""

    __tablename__ = "member_cluster"
    subject_id: int = big(primary_key=True)
    cluster: int
