"""What was corrected in what was told about a member."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.classification import internal, public, quasi
from contracts.operations import PAGING, Operation
from contracts.roles import READING


class Correction(Model):
    """A field that a rule changed, or marked because it could not (`region_ambiguous`,
    `region_unknown`, `region_contradicts_city`, `date_unclear`).

    `source` is the way in: `registration`, `update`, or the collected source. What stood there
    is told of fields that are not personal.
    """

    corrected_at: Annotated[AwareDatetime, public]
    source: Annotated[str, public]
    field: Annotated[str, public]
    rule: Annotated[str, public]
    before: Annotated[str | None, quasi] = None
    after: Annotated[str | None, quasi] = None


class CorrectionPage(Model):
    """Newest first."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[Correction], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/corrections", "gateway",
        "What was corrected in what was told about a member", READING,
        response=CorrectionPage, query=PAGING, tags=("Members and identity",),
    ),
]  # fmt: skip
