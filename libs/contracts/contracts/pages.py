"""What campaign tells the gateway of a page that a link leads to, and what was sent from it.

Inner: `GET` and `POST /internal/pages/{token}`. The gateway makes HTML of it and knows nothing of
surveys; campaign knows nothing of HTML.
"""

from typing import Annotated

from contracts.base import Record
from contracts.classification import internal, public, quasi


class PageOption(Record, frozen=True):
    """What may be chosen."""

    value: Annotated[str, public]
    label: Annotated[str, public]


class PageQuestion(Record, frozen=True):
    """A question; `many`: more than one of the options."""

    name: Annotated[str, public]
    text: Annotated[str, public]
    options: Annotated[list[PageOption], public]
    many: Annotated[bool, public] = False
    required: Annotated[bool, public] = True
    fault: Annotated[bool, public] = False  # it was not answered as it should be


class PageForm(Record, frozen=True):
    """A page in one language. `button` None: there is nothing to send."""

    language: Annotated[str, public]
    title: Annotated[str, public]
    text: Annotated[list[str], internal]
    questions: Annotated[list[PageQuestion], public] = []
    button: Annotated[str | None, public] = None


class PageSent(Record, frozen=True):
    """What was sent: values by question."""

    fields: Annotated[dict[str, list[str]], quasi]
