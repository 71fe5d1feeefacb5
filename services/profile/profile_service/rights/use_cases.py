"""Erase, object, and agree again."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.gateway_events import ConsentChanged
from profile_service.rights import repository
from profile_service.subjects.use_cases import SubjectIds
from profile_service.tags import use_cases as tags

PERSONAL = "personalised_recommendation"


async def erase(tx: Tx, subjects: SubjectIds, members: Sequence[UUID]) -> None:
    """Everything goes; who comes with the same identifier is somebody new."""
    gone = await repository.erase(tx, members)
    tx.after_commit(lambda: subjects.forget(gone))


async def object_to(tx: Tx, members: Sequence[UUID]) -> None:
    """Tags go, and none are decided."""
    await tags.drop(tx, await repository.object_to(tx, members))


async def changed(tx: Tx, events: Sequence[ConsentChanged]) -> None:
    """Who says yes to recommendations does not object to them."""
    members = [
        answer.member_id
        for event in events
        for answer in event.answers
        if answer.purpose == PERSONAL and answer.granted
    ]
    if members:
        await repository.agree_again(tx, members)
