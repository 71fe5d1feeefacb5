"""What several areas of the gateway's contracts share."""

from typing import Annotated

from pydantic import Field

from contracts.base import Model
from contracts.classification import public
from contracts.roles import Role

ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]

ACCESS, PRIVACY, DEVELOPMENT = ("Tokens",), ("Privacy",), ("Development",)
OVERSIGHT = frozenset({Role.COMPLIANCE, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
NOBODY: frozenset[Role] = frozenset()  # of open operations


class Wording(Model):
    """The same in both languages."""

    zh: Annotated[str, public]
    en: Annotated[str, public]
