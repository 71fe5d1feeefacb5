"""How lists are asked for."""

from typing import Annotated

from fastapi import Query

NEWEST = 2**63 - 1

Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[int, Query(ge=0, le=NEWEST, alias="cursor")]
