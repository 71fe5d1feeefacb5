"""Surveys, who was invited, what they answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class SurveyRow(Table, table=True):
    """A survey; `document` is what was planned."""

    __tablename__ = "survey"
    survey_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    key: str = Field(sa_type=Text, unique=True)
    document: dict[str, Any] = document()
    touchpoint: str = Field(sa_type=Text)
    open: bool
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()


class SurveyInvitationRow(Table, table=True):
    """An invitation: waiting, requested, sent or refused; then delivered, failed or unknown."""

    __tablename__ = "survey_invitation"
    invitation_id: UUID = Field(primary_key=True)
    survey_id: UUID = Field(foreign_key="survey.survey_id")
    member_id: UUID
    original_member_id: UUID
    store: str | None = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    invited_at: datetime = moment()
    due_at: datetime = moment()
    until: datetime = moment()


class SurveyAnswerRow(Table, table=True):
    """What was answered, once an invitation."""

    __tablename__ = "survey_answer"
    invitation_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    survey_id: UUID = Field(foreign_key="survey.survey_id")
    member_id: UUID
    original_member_id: UUID
    measure: str | None = Field(sa_type=Text)
    score: int | None
    answers: dict[str, Any] = document()
    answered_at: datetime = moment()
