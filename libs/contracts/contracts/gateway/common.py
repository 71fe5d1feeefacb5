"""What several areas of the gateway's contracts share."""

from typing import Annotated

from pydantic import Field

from contracts.roles import Role

ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]

ACCESS, PRIVACY, DEVELOPMENT = ("Tokens",), ("Privacy",), ("Development",)
ADMINS = frozenset({Role.ADMIN})
NOBODY: frozenset[Role] = frozenset()  # of open operations
