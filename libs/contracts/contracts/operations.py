"""One row per public operation: the gateway routes by it, the OpenAPI document is made from it."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from contracts.auditing import Action
from contracts.roles import Role


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter: name, type and what it does."""

    name: str
    type: Any  # as pydantic knows types
    summary: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A path of the public surface.

    `service` answers it ("gateway" for the gateway's own). `own` names the path parameter that a
    `member` token must match. `edge` marks operations for which the gateway does more than seal and
    forward; the gateway keeps one function per name. `request` None means no body.
    """

    method: str
    path: str
    service: str
    summary: str
    roles: frozenset[Role]
    request: Any = None
    response: Any = None
    status: int = 200
    query: tuple[Query, ...] = ()
    idempotent: bool = False
    own: str | None = "member_id"
    edge: str | None = None
    open: bool = False  # needs no token (health, tokens, JWKS)
    counted: bool = False  # signs in or spends: not done while calls cannot be counted
    done_before: bool = False  # answers 200 where there was nothing to do, else `status`
    page: bool = False  # answers HTML, or sends a browser on
    audited: Action | None = None  # as what each call is in the audit, refused ones as well
    dev_only: bool = False
    tags: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """`GET /v1/members/{member_id}`."""
        return f"{self.method} {self.path}"


PAGING = (
    Query("limit", Annotated[int, Field(ge=1, le=200)], "page size"),
    Query("cursor", str, "`next_cursor` of the page before"),
)
DRY_RUN = Query("dry_run", bool, "answer what would happen and change nothing")
