"""Query parameters of lists: `cursor` is the position of the last row seen."""

from typing import Annotated

from fastapi import Query

CursorDep = Annotated[int | None, Query(ge=0)]
LimitDep = Annotated[int, Query(ge=1, le=200)]
