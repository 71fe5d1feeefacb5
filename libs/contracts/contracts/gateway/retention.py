"""How long data is kept, and why it is held at all."""

from typing import Annotated

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.classification import DataClass, Kind, public
from contracts.gateway.common import OVERSIGHT, PRIVACY, Wording
from contracts.operations import Operation


class Retained(Model):
    """A table with a limit of age: rows go `days` after they were written, every night.

    `overdue` are rows that should have gone by the last midnight; null: its service is away.
    """

    service: Annotated[str, public]
    table: Annotated[str, public]
    data_class: Annotated[DataClass, public]
    activity: Annotated[Wording, public]
    days: Annotated[int, public]
    overdue: Annotated[int | None, public]


class Retention(Model):
    """All tables with a limit; `overdue` adds up what is known."""

    at: Annotated[AwareDatetime, public]
    overdue: Annotated[int, public]
    data: Annotated[list[Retained], public]


class HeldTable(Model):
    """A table, what is personal in it, and how long; `days` null: as long as the membership."""

    table: Annotated[str, public]
    data_class: Annotated[DataClass, public]
    kinds: Annotated[list[Kind], public]
    days: Annotated[int | None, public]


class ProcessingActivity(Model):
    """One purpose for which data is held (PIPL Articles 55 and 56)."""

    activity: Annotated[str, public]
    name: Annotated[Wording, public]
    legal_basis: Annotated[Wording, public]
    consent_purposes: Annotated[list[str], public]
    recipients: Annotated[Wording, public]
    kinds: Annotated[list[Kind], public]
    retention: Annotated[Wording, public]
    tables: Annotated[list[HeldTable], public]


class ProcessingRegister(Model):
    """Every activity; made from the contracts, so it says what the software does."""

    data: Annotated[list[ProcessingActivity], public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/retention", "gateway", "How long data is kept, and what is overdue", OVERSIGHT,
        response=Retention, own=None, tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/processing-register", "gateway", "The register of processing", OVERSIGHT,
        response=ProcessingRegister, own=None, tags=PRIVACY,
    ),
]  # fmt: skip
