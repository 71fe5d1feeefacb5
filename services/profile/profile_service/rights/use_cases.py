"""Erase, object, and agree again."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.gateway_events import ConsentChanged
from profile_service.forecasts.lake import Lake
from profile_service.rights import repository
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds
from profile_service.tags import use_cases as tags

PERSONAL, SHARING = "personalised_recommendation", "third_party_sharing"


async def erase(tx: Tx, members: Sequence[UUID]) -> None:
    """Everything goes; who comes with the same identifier is somebody new."""
    await tags.take_turn(tx)
    await repository.erase(tx, members)


async def erase_with_lake(tx: Tx, lake: Lake, members: Sequence[UUID]) -> None:
    """`erase`, and out of the lake too.

    Months of the lake that they are in are removed, and made anew by the next training. A crash
    before that leaves files whose names no longer agree with the tables: they go then.
    """
    months = await lake.months_of(tx, members)
    await erase(tx, members)
    tx.after_commit(lambda: lake.forget(months))


async def object_to(tx: Tx, members: Sequence[UUID]) -> None:
    """Tags and forecasts go, and none are made."""
    await tags.drop(tx, await repository.object_to(tx, members))


async def changed(tx: Tx, subjects: SubjectIds, events: Sequence[ConsentChanged]) -> None:
    """Who says no to recommendations is not watched; who says yes does not object to them. Of who
    says no to third parties nothing is kept that they told."""
    said = _said(events, PERSONAL)
    if hidden := [member for member, granted in _said(events, SHARING).items() if not granted]:
        await subject_rows.touch(tx, await repository.forget_third_parties(tx, hidden))
    if yes := [member for member, granted in said.items() if granted]:
        await repository.agree_again(tx, yes)
        await repository.watch_again(tx, yes)
    if no := [member for member, granted in said.items() if not granted]:
        ids = await subjects.of(tx, no)  # the answer may be heard before the registration
        await repository.stop_watching(tx, no, list(ids.values()))
        await subject_rows.touch(tx, ids.values())


def _said(events: Sequence[ConsentChanged], purpose: str) -> dict[UUID, bool]:
    return {
        answer.member_id: answer.granted
        for event in events
        for answer in event.answers
        if answer.purpose == purpose
    }
