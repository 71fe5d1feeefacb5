"""Days of birth behind a keyed index; each day's are announced the day before."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from chassis.clock import DrivenClock, midnight
from chassis.database import Database
from contracts.classification import Kind
from contracts.events import BirthdaysAnnounced, BirthdaysKnown, KnownBirthday, MembersMerged
from gateway_service.birthdays.domain import celebrated, indexed_by
from gateway_service.birthdays.use_cases import PLACE, Birthdays
from gateway_service.consent.standings import Standings
from gateway_service.consent.subscribers import on_merged
from gateway_service.relations.use_cases import Relations
from gateway_service.vault.seal import Vault
from testkit.databases import Databases

NOON = datetime(2017, 3, 15, 4, tzinfo=UTC)
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))
Told = list[tuple[date, list[UUID]]]


@pytest_asyncio.fixture(loop_scope="session")
async def db(databases: Databases, clock: DrivenClock) -> Database:
    """The gateway's, empty, at noon of 15 March 2017."""
    db = await databases.of("gateway")
    await databases.empty("gateway")
    clock.move(NOON, ticking=False)
    return db


@pytest.fixture
def birthdays(vault: Vault) -> Birthdays:
    return Birthdays(vault, indexed_by(lambda: b"key"), Relations(Standings().granted).born)


async def learn(
    db: Database, birthdays: Birthdays, vault: Vault, *born: tuple[UUID, str, UUID]
) -> None:
    """(member, birthday, whom it is sealed for) each."""
    rows = [
        KnownBirthday(who, vault.seal(Kind.BIRTHDAY, day, owner, place=PLACE))
        for who, day, owner in born
    ]
    async with db.transaction() as tx:
        await birthdays.learn(tx, [BirthdaysKnown(rows)])


async def told(db: Database) -> Told:
    """What was announced since this was asked last."""
    async with db.transaction() as tx:
        rows = await tx.fetch(
            "WITH gone AS (DELETE FROM outbox RETURNING id, payload)"
            " SELECT payload FROM gone ORDER BY id"
        )
    events = [msgspec.json.decode(row["payload"], type=BirthdaysAnnounced) for row in rows]
    return [(event.day, event.members) for event in events]


def test_29_february_is_kept_on_the_28th_in_common_years() -> None:
    assert celebrated(date(2017, 2, 28)) == ["02-28", "02-29"]
    assert celebrated(date(2016, 2, 28)) == ["02-28"]
    assert celebrated(date(2016, 2, 29)) == ["02-29"]
    assert celebrated(date(2017, 3, 1)) == ["03-01"]


async def test_each_day_is_announced_the_day_before(
    db: Database, birthdays: Birthdays, vault: Vault
) -> None:
    await learn(
        db, birthdays, vault,
        (ONE, "1990-03-18", ONE), (TWO, "1961-03-18", TWO), (THREE, "1984-02-29", THREE),
    )  # fmt: skip
    assert await told(db) == []
    for day in (date(2017, 3, 16), date(2017, 3, 17), date(2018, 2, 27), date(2020, 2, 28)):
        for _ in range(2):  # run again after a crash
            await birthdays.announce(db, midnight(day))
    assert await told(db) == [
        *[(date(2017, 3, 18), [ONE, TWO])] * 2,
        *[(date(2018, 2, 28), [THREE])] * 2,
        *[(date(2020, 2, 29), [THREE])] * 2,
    ]


async def test_whoever_is_known_late_is_told_at_once(
    db: Database, birthdays: Birthdays, vault: Vault
) -> None:
    members = [uuid4() for _ in range(4)]
    days = [f"1990-03-{day}" for day in (14, 15, 16, 17)]
    rows = [(who, day, who) for who, day in zip(members, days, strict=True)]
    await learn(db, birthdays, vault, *rows)
    assert await told(db) == [(date(2017, 3, 15), [members[1]]), (date(2017, 3, 16), [members[2]])]
    await learn(db, birthdays, vault, (members[0], "1990-03-30", members[0]))  # corrected
    await birthdays.announce(db, midnight(date(2018, 3, 13)))
    await birthdays.announce(db, midnight(date(2018, 3, 29)))
    assert await told(db) == [(date(2018, 3, 30), [members[0]])]


async def test_the_absorbed_have_none_and_the_survivor_may_get_theirs(
    db: Database, birthdays: Birthdays, vault: Vault
) -> None:
    await learn(db, birthdays, vault, (TWO, "1990-04-01", TWO))
    async with db.transaction() as tx:
        await on_merged(Standings())(tx, [MembersMerged(uuid4(), ONE, TWO, NOON, "phone:x")])
    await birthdays.announce(db, midnight(date(2017, 3, 31)))
    assert await told(db) == []
    await learn(db, birthdays, vault, (ONE, "1990-04-01", TWO))  # as identity filled the gap
    await learn(db, birthdays, vault, (THREE, "1990-04-01", TWO))  # somebody else's: not ours
    await birthdays.announce(db, midnight(date(2017, 3, 31)))
    assert await told(db) == [(date(2017, 4, 1), [ONE])]


async def test_what_is_kept_tells_nothing_without_the_key(
    db: Database, birthdays: Birthdays, vault: Vault
) -> None:
    await learn(db, birthdays, vault, (ONE, "1990-04-01", ONE))
    async with db.transaction() as tx:
        [(kept,)] = await tx.fetch("SELECT index FROM birthday")
    year = [date(2016, 1, 1) + timedelta(days=n) for n in range(366)]
    assert kept not in {indexed_by(lambda: b"another")(f"{day:%m-%d}") for day in year}
    assert kept == indexed_by(lambda: b"key")("04-01")
