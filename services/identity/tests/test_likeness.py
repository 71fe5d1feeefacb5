"""Members who look alike: learnt of all of them, proposed, decided, gone when erased."""

import random
from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest_asyncio
from services.identity.tests.samples import member_id, registration

from contracts.roles import Role
from gateway_service.vault.keys import Keys
from gateway_service.vault.ring import Ring
from gateway_service.vault.seal import Vault
from identity_service.likeness.use_cases import compare_newcomers, hunt
from identity_service.matching.domain import Records
from identity_service.matching.resolve import resolve, search
from identity_service.matching.rules.comparisons import COMPARISONS, masked_phone, phone
from identity_service.rights.repository import erase
from testkit.apps import RunningApp
from testkit.registers import chinese
from testkit.vaults import SECRET

MATCHER = Vault(Keys(SECRET), Ring("test")).matcher
PEOPLE, NEVER = 620, 1000.0
ONE = {"name": "钱雨轩", "phone": "13612345678", "birthday": "1988-07-09", "locality": "南京"}
SLIP = {"name": "钱宇轩", "phone": "13612354678", "birthday": "1988-07-09", "locality": "南京"}
SURE = {"name": "钱雨轩", "phone": "13612345687", "birthday": "1988-07-09", "locality": "南京"}
OTHER = {"name": "钱雨轩", "phone": "18800001111", "birthday": "1961-02-03", "locality": "青岛"}


def body(number: int, record: dict[str, str]) -> dict[str, Any]:
    keys = b64encode(MATCHER.derive(record)).decode()
    return registration(number, ("card_no", str(number)), match_keys=keys)


async def join(app: RunningApp, number: int, record: dict[str, str], role: Role = Role.POS) -> None:
    answer = await app.client.post(
        "/v1/members", json=body(number, record), headers=app.headers(role)
    )
    assert answer.status_code == 201, answer.text


@pytest_asyncio.fixture(loop_scope="session")
async def town(identity: RunningApp) -> RunningApp:
    """Members enough to learn from; every eighth has registered twice, by another number."""
    rng = random.Random(7)
    rows, whose = chinese(7, PEOPLE)
    first = {person: row for row, person in zip(reversed(rows), reversed(whose), strict=True)}
    members = []
    for person, row in sorted(first.items()):
        record = {
            "name": row["name"].replace("*", "伟") or "王伟",
            "phone": f"139{rng.randrange(10**8):08d}",
            "birthday": f"{rng.randrange(1950, 2006)}-{rng.randrange(1, 13):02}-15",
            "locality": row["district"][:2] or "南京",
        }
        members.append(record)
        if person % 8 == 0:
            phone = record["phone"]
            members.append({**record, "phone": phone[:9] + phone[10] + phone[9]})
    batch = [body(100 + n, record) for n, record in enumerate(members)]
    answer = await identity.client.post(
        "/v1/members/batch", json={"members": batch}, headers=identity.headers(Role.POS)
    )
    assert {each["status"] for each in answer.json()["results"]} == {201}
    return identity


async def hunt_at(
    app: RunningApp, *, merge_bits: float = NEVER, later: int = 0, days: int = 1
) -> None:
    now = app.db.clock.now() + timedelta(days=later)
    await hunt(app.db, now, days=days, merge_bits=merge_bits)


async def hunts(app: RunningApp) -> list[Any]:
    """What was told of each night's search."""
    async with app.db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = 'identity.duplicates_hunted.v1' ORDER BY id"
        )
    return [msgspec.json.decode(row["payload"]) for row in rows]


async def reviews(app: RunningApp, status: str = "open") -> dict[frozenset[str], Any]:
    answer = await app.client.get(f"/v1/merge-reviews?status={status}&limit=200")
    assert answer.status_code == 200, answer.text
    return {
        frozenset((each["survivor_id"], each["absorbed_id"])): each
        for each in answer.json()["data"]
    }


def pair(*numbers: int) -> frozenset[str]:
    return frozenset(str(member_id(number)) for number in numbers)


async def decide(app: RunningApp, review: dict[str, Any], decision: str) -> Any:
    return await app.client.post(
        f"/v1/merge-reviews/{review['review_id']}/decide",
        json={"decision": decision},
        headers=app.headers(Role.SERVICE_AGENT),
    )


async def test_who_looks_alike_is_proposed_with_reasons(town: RunningApp) -> None:
    for number, record in ((1, ONE), (2, SLIP), (3, OTHER)):
        await join(town, number, record)
    await hunt_at(town)
    found = await reviews(town)
    review = found[pair(1, 2)]
    said = {each["compared"]: each for each in review["evidence"]}
    assert said["name"]["level"] == "same sound"
    assert said["name"]["level_zh"] == "同音"
    assert said["phone"]["level"] == "one slip apart"
    assert said["birthday"]["level_zh"] == "相同"
    assert review["bits"] > 5
    assert review["probability"] > 0.9
    assert sum(each["bits"] for each in review["evidence"]) > review["bits"]  # few pairs are one
    assert pair(1, 3) not in found
    assert not await reviews(town, "merged")


async def test_newcomers_are_compared_with_what_was_learnt(town: RunningApp) -> None:
    await hunt_at(town)
    await compare_newcomers(town.db, town.db.clock.now())
    await join(town, 1, ONE)
    await join(town, 2, SLIP, Role.PARTNER)
    await compare_newcomers(town.db, town.db.clock.now())
    assert (await reviews(town))[pair(1, 2)]["bits"] > 0
    later = {"match_keys": b64encode(MATCHER.derive({"name": "赵国强"})).decode()}
    changed = await town.client.patch(
        f"/v1/members/{member_id(1)}", json=later, headers=town.headers(Role.SERVICE_AGENT)
    )
    assert changed.status_code == 200
    await join(town, 4, {**ONE, "phone": "13612345679", "name": "赵国强"})
    await compare_newcomers(town.db, town.db.clock.now())
    assert (await reviews(town))[pair(1, 4)]["bits"] > 0


async def test_a_decision_holds(town: RunningApp) -> None:
    for number, record in ((1, ONE), (2, SLIP), (4, SURE)):
        await join(town, number, record)
    await hunt_at(town)
    found = await reviews(town)
    apart = await decide(town, found[pair(2, 4)], "apart")
    assert (apart.status_code, apart.json()["state"]) == (200, "apart")
    assert (await decide(town, found[pair(2, 4)], "apart")).json() == apart.json()
    assert (await decide(town, found[pair(2, 4)], "merge")).status_code == 409
    merged = (await decide(town, found[pair(1, 2)], "merge")).json()
    assert merged["state"] == "merged"
    merge = (await town.client.get(f"/v1/merges/{merged['merge_id']}")).json()
    assert merge["evidence"] == "likeness"
    assert {merge["survivor_id"], merge["absorbed_id"]} == pair(1, 2)
    await join(town, 5, {**OTHER, "name": "周小红"})
    await hunt_at(town, later=2)
    assert pair(2, 4) in await reviews(town, "apart")
    assert pair(2, 4) not in await reviews(town)
    unknown = await town.client.post(
        f"/v1/merge-reviews/{UUID(int=9)}/decide", json={"decision": "apart"}
    )
    assert unknown.status_code == 404


async def test_only_a_trusted_word_merges_by_itself(town: RunningApp) -> None:
    await join(town, 1, ONE)
    await join(town, 2, SURE)
    await join(town, 6, {**SURE, "phone": "13612345768"}, Role.PARTNER)
    await hunt_at(town, merge_bits=15)
    assert pair(1, 2) in await reviews(town, "merged")
    stats = (await town.client.get("/v1/members/stats")).json()
    others = await reviews(town, "merged")
    assert all(str(member_id(6)) not in both for both in others)
    assert stats["merges"] == len(others)
    before = stats["merges"]
    (told,) = await hunts(town)
    assert told["all_with_all"] and told["merged"] == before
    assert told["found"] >= told["reviews_new"] == told["merged"] + told["reviews_open"] > 0
    await hunt_at(town, merge_bits=15, later=1)  # nothing new: nothing is done
    assert (await town.client.get("/v1/members/stats")).json()["merges"] == before
    assert len(await hunts(town)) == 1


async def test_each_night_who_is_new_is_compared_with_everybody(town: RunningApp) -> None:
    await hunt_at(town, merge_bits=15)
    (first,) = await hunts(town)
    for number, record in ((1, ONE), (2, SURE)):
        await join(town, number, record)
    await join(town, 6, {**SURE, "phone": "13612345768"}, Role.PARTNER)
    await hunt_at(town, merge_bits=15, later=1, days=30)
    first, night = await hunts(town)
    assert (first["all_with_all"], night["all_with_all"]) == (True, False)
    assert night["members"] == first["members"] + 3
    assert (night["found"], night["merged"], night["reviews_new"]) == (3, 1, 3)
    assert pair(1, 2) in await reviews(town, "merged")
    assert pair(1, 6) in await reviews(town)
    await hunt_at(town, merge_bits=15, later=2, days=30)
    assert len(await hunts(town)) == 2
    async with town.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM likeness_weights") == 1


def test_what_a_mask_shows_is_compared_by_itself() -> None:
    """So what it weighs does not depend on how many records there are, or are masked."""
    numbers = ("13612345678", "136****5678", "13612345678", "137****5678", "139****9999")
    records = Records.of(MATCHER.derive({"phone": number}) for number in numbers)
    i, j = np.zeros(4, dtype=np.int64), np.arange(1, 5)
    assert phone(records, i, j).tolist() == [-1, 3, -1, -1]
    assert masked_phone(records, i, j).tolist() == [2, -1, 1, 0]
    assert len({one.about for one in COMPARISONS if "phone" in one.name}) == 1


def test_a_night_finds_what_a_search_of_everybody_would() -> None:
    rows, _ = chinese(11, 400)
    kinds = {"unionid": "wechat_unionid", "card": "card_no", "district": "region", "src": "source"}
    records = Records.of(
        MATCHER.derive({kinds.get(name, name): text for name, text in row.items() if text})
        for row in rows
    )
    whole = resolve(records, lambda _line: None)
    fresh = np.zeros(len(records), dtype=bool)
    fresh[::7] = True
    night = search(records, whole.weights, fresh)
    told = fresh[whole.edges.i] | fresh[whole.edges.j]
    assert 0 < told.sum() < len(told)
    assert np.array_equal(night.i, whole.edges.i[told])
    assert np.array_equal(night.j, whole.edges.j[told])
    assert np.allclose(night.bits, whole.edges.bits[told])
    nobody = search(records, whole.weights, np.zeros(len(records), dtype=bool))
    assert len(nobody.i) == len(nobody.bits) == 0


async def test_erasure_takes_keys_and_reviews(town: RunningApp) -> None:
    for number, record in ((1, ONE), (2, SLIP)):
        await join(town, number, record)
    await hunt_at(town)
    assert pair(1, 2) in await reviews(town)
    async with town.db.transaction() as tx:
        await erase(tx, [member_id(1)])
        assert not await tx.fetchval(
            "SELECT count(*) FROM match_keys WHERE member_id = $1", member_id(1)
        )
    assert pair(1, 2) not in await reviews(town)
    await compare_newcomers(town.db, town.db.clock.now())
