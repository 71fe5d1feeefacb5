"""What is said: templates and their versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class TemplateRow(Table, table=True):
    """A template; `version` is the newest."""

    __tablename__ = "template"
    template_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    key: str = Field(sa_type=Text, unique=True)
    scene: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    name: dict[str, str] = document()
    version: int


class TemplateVersionRow(Table, table=True):
    """Append-only: what a template said from then on."""

    __tablename__ = "template_version"
    template_id: UUID = Field(primary_key=True, foreign_key="template.template_id")
    version: int = Field(primary_key=True)
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()
    contents: list[Any] = document()
    defaults: dict[str, Any] = document()
