"""Keys and their rotation."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, model_validator

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import ADMINS, PRIVACY
from contracts.operations import Operation
from contracts.roles import Role

Scope = Literal["member", "data", "wrapping", "root"]


class RotateKeys(Model):
    """Which keys get a new version: one member's, everybody's, the wrapping key, the root key."""

    scope: Annotated[Scope, public]
    member_id: Annotated[UUID | None, internal] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.scope == "member") != (self.member_id is not None):
            raise ValueError("member_id belongs to scope member")
        return self


class KeyRotation(Model):
    """How far a rotation is.

    running: new versions are made, and what is sealed or wrapped under older ones is done anew.
    retiring: the older versions are kept until `destroy_at`, then looked for once more and
    destroyed. `unreadable` tokens did not open under any key: of the erased, or forged.
    """

    rotation_id: Annotated[UUID, internal]
    scope: Annotated[Scope, public]
    state: Annotated[Literal["running", "retiring", "done"], public]
    begun_at: Annotated[AwareDatetime, public]
    destroy_at: Annotated[AwareDatetime, public]
    finished_at: Annotated[AwareDatetime | None, public] = None
    place: Annotated[str, public]
    rows_seen: Annotated[int, public]
    resealed: Annotated[int, public]
    unreadable: Annotated[int, public]


OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/keys/rotate", "gateway", "Give keys a new version, online", ADMINS,
        request=RotateKeys, response=KeyRotation, status=202, own=None, tags=PRIVACY,
        audited=Action.KEY,
    ),
    Operation(
        "GET", "/v1/keys/rotations/{rotation_id}", "gateway", "How far a rotation is",
        ADMINS | {Role.COMPLIANCE}, response=KeyRotation, own=None, tags=PRIVACY,
    ),
]  # fmt: skip
