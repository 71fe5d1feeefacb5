"""Behaviour from the real stream: links, merges, exactly once."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import nats
from services.identity.tests.samples import (
    activity,
    batch,
    index,
    member_id,
    registration,
    token,
)
from services.identity.tests.test_members import join, told

from contracts.events import Activity, ActivityBatch
from identity_service.resolution.domain import TELLING
from identity_service.resolution.subscribers import heard
from testkit import eventually, together
from testkit.apps import RunningApp

NOW = datetime(2017, 6, 1, 12, tzinfo=UTC)
PHONE, CARD, OPENID = ("phone", "1"), ("card_no", "2"), ("miniprogram_openid", "3")


async def send(app: RunningApp, nats_url: str, *batches: ActivityBatch, times: int = 1) -> None:
    """Publish, and wait until the service has read everything."""
    connection = await nats.connect(nats_url)
    for _ in range(times):
        for one in batches:
            await connection.jetstream().publish(one.subject, msgspec.json.encode(one))
    await connection.close()

    async def read() -> bool:
        lag: dict[str, int] = (await app.client.get("/internal/lag")).json()
        return lag["unread"] == 0

    await eventually(read, says="the stream is read")


async def stats(app: RunningApp) -> Any:
    return (await app.client.get("/v1/members/stats")).json()


async def test_three_registrations_of_one_person_become_one_member(
    identity: RunningApp, nats_url: str
) -> None:
    await join(identity, 3, OPENID)
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    await send(
        identity,
        nats_url,
        batch([activity(PHONE, OPENID), activity(("email", "e"), PHONE)]),
        batch([activity(OPENID, CARD)]),
    )
    assert await stats(identity) == {
        "registered": 3, "members": 1, "identifiers": 4, "merges": 2,
    }  # fmt: skip
    indexes = [index(*one) for one in (PHONE, CARD, OPENID, ("email", "e"))]
    answer = await identity.client.post("/internal/resolve", json={"indexes": indexes})
    assert set(answer.json()["members"].values()) == {str(member_id(3))}, "the first to register"
    assert (await told(identity))[-3:] == [
        "identifier_linked", "members_merged", "members_merged",
    ]  # fmt: skip


async def test_the_same_behaviour_again_changes_nothing(
    identity: RunningApp, nats_url: str
) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    told_once = batch([activity(PHONE, CARD), activity(PHONE, OPENID)])
    await send(identity, nats_url, told_once)
    before, events = await stats(identity), await told(identity)
    await send(identity, nats_url, told_once, times=5)
    assert (await stats(identity), await told(identity)) == (before, events)


async def test_anonymous_behaviour_creates_nothing(identity: RunningApp, nats_url: str) -> None:
    await send(identity, nats_url, batch([activity(PHONE, CARD), activity(PHONE, kind="track")]))
    assert (await stats(identity))["identifiers"] == 0


async def test_alias_and_a_known_member_id_link(identity: RunningApp, nats_url: str) -> None:
    await join(identity, 1, PHONE)
    anonymous, alias = ("device_id", "d"), ("external", "u-1")
    await send(
        identity,
        nats_url,
        batch(
            [
                activity(anonymous, member_id=member_id(1)),
                activity(alias, kind="alias", previous=activity(PHONE).identifiers),
                activity(CARD, member_id=member_id(8)),
            ]
        ),
    )
    answer = await identity.client.get(f"/v1/members/{member_id(1)}/identifiers")
    assert {one["kind"] for one in answer.json()["data"]} == {"phone", "device_id", "external"}


async def test_behaviour_and_registrations_at_once_leave_one_owner_each(
    identity: RunningApp, nats_url: str
) -> None:
    """Races for the same identifiers: whoever comes first has it, nobody has it twice."""
    await join(identity, 1, PHONE)
    batches = [batch([activity(PHONE, ("card_no", str(n)))]) for n in range(20)]
    bodies = [{"kind": "card_no", "value": token("card_no", str(n))} for n in range(20)]
    path = f"/v1/members/{member_id(1)}/identifiers"
    joining = [
        identity.client.post("/v1/members", json=registration(n + 100, ("card_no", str(n))))
        for n in range(20)
    ]
    linking = [identity.client.post(path, json=body) for body in bodies]
    answers = await together([*joining, *linking, send(identity, nats_url, *batches)])
    statuses = {answer.status_code for answer in answers[:-1] if answer is not None}
    assert statuses <= {200, 201, 409}
    async with identity.db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT i.index, m.merged_into FROM identifier i JOIN member m USING (member_id)"
        )
    assert len(rows) == 21 and {row["merged_into"] for row in rows} == {None}
    assert (await stats(identity))["members"] == 1


def test_only_batches_that_tell_who_is_who_are_decoded() -> None:
    def payload(*kinds: str) -> bytes:
        said = [Activity(f"m-{kind}", kind, NOW, properties={"type": "x"}) for kind in kinds]
        return msgspec.json.encode(ActivityBatch("b", NOW, "app", said))

    assert heard(payload("track", "page", "screen", "group")) is None
    for kind in TELLING:
        batch = heard(payload("track", kind))
        assert batch is not None and len(batch.activities) == 2
