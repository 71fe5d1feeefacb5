"""Which changes of which tags somebody should look at: how sure, how fast, how often."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.roles import FIGURES, Role


class TagWatchBody(Model):
    """A change goes to review if it is of this kind (another value, lost, either; none: never), the
    value was held at least so surely, for at most `held_days` (None: however long), and it is the
    `times`-th such change of the member's tag within `within_days`."""

    changes: Annotated[Literal["lost", "other", "any", "none"], public] = "any"
    confidence: Annotated[float, Field(ge=0, le=1), public] = 0.6
    held_days: Annotated[int | None, Field(ge=1, le=1_096), public] = None
    times: Annotated[int, Field(ge=1, le=20), public] = 1
    within_days: Annotated[int, Field(ge=1, le=365), public] = 30


class TagWatch(TagWatchBody):
    """The watch of a tag; `changed_by` None: as it was shipped."""

    tag: Annotated[str, public]
    changed_by: Annotated[str | None, internal] = None
    changed_at: Annotated[datetime | None, public] = None


class TagWatches(Model):
    """By tag; a tag that is not here may change as it likes."""

    data: Annotated[list[TagWatch], public]


WATCHERS = frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/tag-watches", "profile", "Which changes of tags go to review",
        FIGURES - {Role.DATA_OPERATOR}, response=TagWatches, own=None, tags=("tags",),
    ),
    Operation(
        "PUT", "/v1/tag-watches/{tag}", "profile", "Which changes of a tag go to review", WATCHERS,
        TagWatchBody, TagWatch, own=None, tags=("tags",),
    ),
]  # fmt: skip
