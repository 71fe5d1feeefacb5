"""Experiments, who is in which arm, the members whom nothing contacts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class ExperimentRow(Table, table=True):
    """An experiment on a campaign; `document` is what was asked for, `weights` a bandit's."""

    __tablename__ = "experiment"
    experiment_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    name: str = Field(sa_type=Text, unique=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id", unique=True)
    weights: dict[str, Any] | None = document(nullable=True)
    document: dict[str, Any] = document()
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()
    stopped_at: datetime | None = moment(nullable=True)
    stopped_by: str | None = Field(sa_type=Text)
    winner: str | None = Field(sa_type=Text)


class ExperimentMemberRow(Table, table=True):
    """The arm of a member (as known then), for good. `fair`: drawn with shares that stay."""

    __tablename__ = "experiment_member"
    experiment_id: UUID = Field(primary_key=True, foreign_key="experiment.experiment_id")
    original_member_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(index=True)
    variant: str = Field(sa_type=Text)
    fair: bool
    assigned_at: datetime = moment()


class ExperimentWeightRow(Table, table=True):
    """A bandit's weights on a day."""

    __tablename__ = "experiment_weight"
    experiment_id: UUID = Field(primary_key=True, foreign_key="experiment.experiment_id")
    day: date = Field(primary_key=True)
    weights: dict[str, Any] = document()


class GlobalControlRow(Table, table=True):
    """Append-only: the share of members that no marketing contacts, since when."""

    __tablename__ = "global_control"
    seq: int = sequence(primary_key=True)
    share: float
    set_by: str = Field(sa_type=Text)
    set_at: datetime = moment()
