"""The rules in plain words, as members may read them at any time."""

from datetime import datetime
from typing import Annotated, Literal

from contracts.base import Model
from contracts.classification import public
from contracts.operations import Operation, Query
from contracts.roles import EVERYONE

Language = Literal["zh", "en"]


class RuleSection(Model):
    """Rules of one kind, a sentence each."""

    code: Annotated[str, public]
    title: Annotated[str, public]
    rules: Annotated[list[str], public]


class PublicRules(Model):
    """A version of all rules. Its number and date change exactly when what they say changes."""

    version: Annotated[int, public]
    latest: Annotated[int, public]
    published_at: Annotated[datetime, public]
    language: Annotated[Language, public]
    title: Annotated[str, public]
    sections: Annotated[list[RuleSection], public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/rules/public", "points", "The rules in force, in plain words",
        EVERYONE, response=PublicRules, own=None, open=True, tags=("rules",),
        query=(
            Query("language", str, "zh (default) or en"),
            Query("version", int, "an earlier version; none: the one in force"),
        ),
    ),
]  # fmt: skip
