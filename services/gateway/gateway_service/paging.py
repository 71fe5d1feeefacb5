"""Pages, newest first: `limit` rows, and a cursor that says after which row the next one begins."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.problem import Problem
from contracts.sealed import b64, unb64

LimitQuery = Annotated[int, Query(ge=1, le=200)]
CursorQuery = Annotated[str | None, Query(max_length=256)]
Place = tuple[datetime, UUID]


def cursor_of(place: Place) -> str:
    """An opaque cursor of a row's sort key."""
    return b64(f"{place[0].isoformat()}|{place[1]}".encode())


def place_of(text: str | None) -> tuple[datetime | None, UUID | None]:
    """The sort key in a cursor, nothing for the first page. Raises Problem 422."""
    if text is None:
        return None, None
    try:
        moment, _, row = unb64(text).decode().partition("|")
        return datetime.fromisoformat(moment), UUID(row)
    except ValueError:
        raise Problem(
            422, "bad_cursor", "Not a cursor of this list", pointer="#query/cursor"
        ) from None
