"""What the gateway asks of every inner service: pages of sealed values, written back compared."""

from typing import Annotated

from contracts.base import Record
from contracts.classification import internal, public


class SealedPageRequest(Record, frozen=True):
    """Inner, `POST /internal/sealed/page`: the page of a place (`<table>.<column>`) after a cursor.

    `containing`: only rows with one of these texts in them, for the tokens of some owners.
    """

    place: Annotated[str, public]
    cursor: Annotated[str, internal] = ""
    containing: Annotated[list[str], internal] = []


class SealedPage(Record, frozen=True):
    """Rows (where, text with tokens in it) of one partition; an empty cursor is the end."""

    rows: Annotated[list[tuple[str, str]], internal] = []
    partition: Annotated[str, public] = ""
    cursor: Annotated[str, internal] = ""


class SealedSwap(Record, frozen=True):
    """Inner, `POST /internal/sealed/swap`: (where, text as it was read, text to write) each."""

    place: Annotated[str, public]
    partition: Annotated[str, public]
    rows: Annotated[list[tuple[str, str, str]], internal]


class Swapped(Record, frozen=True):
    """How many were still as they had been read."""

    swapped: Annotated[int, public]
