"""What an absorbed member brings along that the survivor adds up or keeps once. Pure.

A split has to know it; rows that simply change hands are in `moved` (moving.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

# Tables of which a member has a row once a key.
ONCE: Mapping[str, tuple[str, ...]] = {
    "task_done": ("task_id", "period"),
    "member_badge": ("badge",),
    "questionnaire_answer": ("questionnaire_id",),
    "member_birthday": ("year",),
}
Row = dict[str, Any]
Key = tuple[str, ...]


class Kept(msgspec.Struct):
    """A row of the absorbed one. `taken`: the survivor has it now, perhaps for `instead`."""

    table: str
    row: Row
    taken: bool
    instead: Row | None = None

    @property
    def key(self) -> Key:
        """What the survivor can have one of."""
        return key_of(self.table, self.row)


class Carried(msgspec.Struct):
    """Of one merge: `interactions` by month, `rule_use` as (rule, day, used).

    `birth_month` is the absorbed one's if the survivor took it; `referrals_changed` are (referral,
    status before) of those that the merge put in question.
    """

    social: int = 0
    referrals: int = 0
    owed: int = 0
    interactions: dict[str, int] = {}
    rule_use: list[tuple[str, str, int]] = []
    kept: list[Kept] = []
    birth_month: int | None = None
    referrals_changed: list[tuple[UUID, str]] = []


class Found(msgspec.Struct):
    """What a member has of all this."""

    social: int
    referrals: int
    owed: int
    birth_month: int | None
    interactions: dict[str, int]
    rule_use: list[tuple[str, str, int]]
    rows: dict[str, list[Row]]


def key_of(table: str, row: Row) -> Key:
    """The key of a row as it is compared."""
    return (table, *(str(row[name]) for name in ONCE[table]))


def carry(survivor: Found, absorbed: Found, changed: Sequence[tuple[UUID, str]] = ()) -> Carried:
    """What a merge of these two brings to the survivor."""
    own = {key_of(table, row): row for table, rows in survivor.rows.items() for row in rows}
    kept = [
        _kept(table, row, own.get(key_of(table, row)))
        for table, rows in absorbed.rows.items()
        for row in rows
    ]
    return Carried(
        absorbed.social,
        absorbed.referrals,
        absorbed.owed,
        absorbed.interactions,
        absorbed.rule_use,
        kept,
        absorbed.birth_month if survivor.birth_month is None else None,
        list(changed),
    )


def _kept(table: str, row: Row, own: Row | None) -> Kept:
    if own is None:
        return Kept(table, row, taken=True)
    if own.get("taken_back_at") and not row.get("taken_back_at"):
        return Kept(table, row, taken=True, instead=own)  # of the two, the one that stands
    return Kept(table, row, taken=False)
