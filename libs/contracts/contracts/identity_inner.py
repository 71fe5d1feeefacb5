"""What the gateway asks of identity."""

from typing import Annotated
from uuid import UUID

import msgspec

from contracts.base import Model, Record
from contracts.classification import Kind, internal, personal, public
from contracts.identity import Identifier


class ResolveRequest(Record, frozen=True):
    """Inner, `POST /internal/resolve`: whose are these? `<kind>:<blind index>` each."""

    indexes: Annotated[list[str], msgspec.Meta(max_length=10_000), internal]


class ResolveAnswer(Record, frozen=True):
    """Surviving member by index; unknown indexes are absent."""

    members: Annotated[dict[str, UUID], internal]


class Addressee(Model):
    """Inner, `GET /internal/members/{member_id}`: what the gateway needs to address a message."""

    member_id: Annotated[UUID, internal]
    absorbed: Annotated[list[UUID], internal]
    language: Annotated[str, public]
    name: Annotated[str | None, personal(Kind.NAME, at="member.name")] = None
    identifiers: Annotated[list[Identifier], internal]
