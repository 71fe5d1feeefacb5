"""A birthday that is known is told, sealed: on joining, correction, merge, after an upgrade."""

from uuid import UUID

import msgspec
from services.identity.tests.samples import member_id, token
from services.identity.tests.test_members import join
from services.identity.tests.test_merging import CARD, PHONE, link

from contracts.events import BirthdaysKnown
from identity_service.birthdays.use_cases import tell_untold
from testkit.apps import RunningApp


def born(number: int, day: str = "1990-03-15") -> str:
    return token("birthday", day, member_id(number))


async def known(app: RunningApp) -> list[tuple[UUID, str]]:
    """What was told since this was asked last."""
    async with app.db.transaction() as tx:
        rows = await tx.fetch(
            "WITH gone AS (DELETE FROM outbox WHERE subject = $1 RETURNING id, payload)"
            " SELECT payload FROM gone ORDER BY id",
            BirthdaysKnown.subject,
        )
    events = [msgspec.json.decode(row["payload"], type=BirthdaysKnown) for row in rows]
    return [(each.member_id, each.birthday) for event in events for each in event.members]


async def test_joining_and_correcting_tell(identity: RunningApp) -> None:
    await join(identity, 1, PHONE, birthday=born(1))
    await join(identity, 2, CARD)
    assert await known(identity) == [(member_id(1), born(1))]
    await join(identity, 1, PHONE, birthday=born(1))  # a retry
    await identity.client.patch(f"/v1/members/{member_id(2)}", json={"city": "Beijing"})
    assert await known(identity) == []
    change = {"birthday": born(2, "1990-03-16"), "birth_year": 1990, "birth_month": 3}
    await identity.client.patch(f"/v1/members/{member_id(2)}", json=change)
    assert await known(identity) == [(member_id(2), change["birthday"])]


async def test_a_merge_tells_what_it_filled(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD, birthday=born(2))
    assert len(await known(identity)) == 1
    assert (await link(identity, 1, CARD)).json()["outcome"] == "merged"
    assert await known(identity) == [(member_id(1), born(2))]
    await join(identity, 3, ("card_no", "9"), birthday=born(3))
    await known(identity)
    await link(identity, 1, ("card_no", "9"))
    assert await known(identity) == []  # the survivor had one


async def test_who_was_there_before_is_told_once(identity: RunningApp) -> None:
    for number in (1, 2):
        await join(identity, number, ("card_no", str(number)), birthday=born(number))
    await known(identity)
    async with identity.db.transaction() as tx:
        await tx.execute("INSERT INTO birthday_untold SELECT member_id FROM member")
    for _ in range(2):
        await tell_untold(identity.db, identity.db.clock.now())
    assert sorted(await known(identity)) == [(member_id(n), born(n)) for n in (1, 2)]
