"""Sealed values as the gateway makes them, without its keys: only form and equality matter here."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.classification import Kind
from contracts.events import Activity, ActivityBatch, SealedIdentifier
from contracts.sealed import Sealed, b64
from identity_service.resolution.domain import clues
from identity_service.resolution.use_cases import follow
from testkit.apps import RunningApp


def token(kind: str, value: str, member_id: UUID | None = None) -> str:
    """A sealed value with a blind index."""
    digest = hashlib.sha256(f"{kind} {value}".encode()).digest()
    subject = member_id.bytes if member_id else digest[:16]
    return str(Sealed(Kind(kind), 1, subject, b"nonce and ciphertext", b64(digest[:16])))


def index(kind: str, value: str) -> str:
    """The key under which it is found."""
    return Sealed.parse(token(kind, value)).index


def registration(number: int, *identifiers: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A registration as the gateway sends it; members are numbered."""
    member = member_id(number)
    return {
        "member_id": str(member),
        "identifiers": [
            {"kind": kind, "value": token(kind, value, member)} for kind, value in identifiers
        ],
        "channel": "pos",
        **fields,
    }


def member_id(number: int) -> UUID:
    """The id of a numbered member: ids sort as their numbers do."""
    return UUID(int=number << 96 | 0x8 << 76 | 0x8 << 60)


def sealed(kind: str, value: str) -> SealedIdentifier:
    """An identifier in an activity."""
    return SealedIdentifier(Kind(kind), index(kind, value), token(kind, value))


def activity(*identifiers: tuple[str, str], kind: str = "identify", **more: Any) -> Activity:
    """An activity that carries these identifiers."""
    return Activity(
        message_id=str(uuid.uuid4()),
        type=kind,
        occurred_at=datetime.fromisoformat("2017-01-01T09:00:00+08:00"),
        identifiers=[sealed(*identifier) for identifier in identifiers],
        **more,
    )


def batch(activities: Sequence[Activity], *, trusted: bool = True) -> ActivityBatch:
    """A collected batch; of a server, unless told otherwise."""
    return ActivityBatch(
        batch_id=str(uuid.uuid4()),
        received_at=datetime.fromisoformat("2017-01-01T09:00:01+08:00"),
        source="web",
        activities=list(activities),
        trusted=trusted,
    )


async def hear(app: RunningApp, *batches: ActivityBatch) -> None:
    """What the service does with collected batches, in one transaction."""
    async with app.db.transaction() as tx:
        await follow(tx, app.app.state.owners, clues(batches))
