"""Linking and merging on somebody's word, over HTTP."""

from typing import Any

from services.identity.tests.samples import member_id, registration, token
from services.identity.tests.test_members import join, told

from contracts.roles import Role
from testkit.apps import RunningApp

PHONE, CARD, OPENID = ("phone", "1"), ("card_no", "2"), ("miniprogram_openid", "3")


async def link(
    app: RunningApp, number: int, identifier: tuple[str, str], role: Role = Role.SERVICE_AGENT
) -> Any:
    kind, value = identifier
    return await app.client.post(
        f"/v1/members/{member_id(number)}/identifiers",
        json={"kind": kind, "value": token(kind, value, member_id(number))},
        headers=app.headers(role, member_id=member_id(number)),
    )


async def test_a_new_identifier_is_linked_once(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    first, again = await link(identity, 1, CARD), await link(identity, 1, CARD)
    assert (first.status_code, first.json()["outcome"]) == (201, "linked")
    assert (again.status_code, again.json()["outcome"]) == (200, "already_linked")
    assert (await told(identity)).count("identifier_linked") == 2


async def test_staff_merge_by_linking_what_is_another_members(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD, OPENID, city="Beijing")
    answer = await link(identity, 2, PHONE)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "merged")
    merge = answer.json()["merge"]
    assert (merge["survivor_id"], merge["absorbed_id"]) == (str(member_id(1)), str(member_id(2)))
    assert (merge["evidence"], merge["filled"]) == ("phone", ["city"])
    assert sorted(merge["identifiers"]) == ["card_no", "miniprogram_openid"]
    assert (await identity.client.get(f"/v1/merges/{merge['merge_id']}")).json() == merge
    for number in (1, 2):
        member = (await identity.client.get(f"/v1/members/{member_id(number)}")).json()
        assert (member["member_id"], member["city"]) == (str(member_id(1)), "Beijing")
        assert member["absorbed"] == [str(member_id(2))]
    found = await identity.client.post(
        "/v1/members/lookup", json={"kind": CARD[0], "value": token(*CARD)}
    )
    assert found.json() == {"member_id": str(member_id(1))}
    assert (await told(identity))[-1] == "members_merged"


async def test_a_members_own_word_and_a_device_merge_nobody(identity: RunningApp) -> None:
    device = ("device_id", "d")
    await join(identity, 1, PHONE, device)
    await join(identity, 2, CARD)
    for refused in (
        await link(identity, 2, PHONE, Role.MEMBER),
        await link(identity, 2, device, Role.SERVICE_AGENT),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "identifier_taken")
        assert refused.json()["errors"][0]["pointer"] == "/value"
    assert (await link(identity, 2, OPENID, Role.MEMBER)).status_code == 201


async def merge(app: RunningApp, survivor: int, absorbed: int, **more: Any) -> Any:
    body = {"survivor_id": str(member_id(survivor)), "absorbed_id": str(member_id(absorbed))}
    return await app.client.post("/v1/merges", json=body, **more)


async def test_a_dry_run_says_what_would_move_and_changes_nothing(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    would = await merge(identity, 2, 1, params={"dry_run": "true"})
    assert would.status_code == 200
    assert would.json()["merge_id"] is None and would.json()["identifiers"] == ["phone"]
    assert (await identity.client.get("/v1/members/stats")).json()["merges"] == 0
    done = await merge(identity, 2, 1)
    assert done.status_code == 201
    assert done.json()["survivor_id"] == str(member_id(2)), "staff name the survivor"
    assert done.json()["evidence"] == "same_person"


async def test_chains_end_at_the_live_member_and_lineage_is_kept(identity: RunningApp) -> None:
    for number, identifier in enumerate((PHONE, CARD, OPENID), 1):
        await join(identity, number, identifier)
    assert (await merge(identity, 2, 3)).status_code == 201
    second = (await merge(identity, 1, 3)).json()
    assert second["absorbed_id"] == str(member_id(2)), "a merged id stands for its survivor"
    assert second["members"] == [str(member_id(3))]
    async with identity.db.transaction() as tx:
        into = await tx.fetch("SELECT member_id, merged_into FROM member ORDER BY 1")
        owned = await tx.fetch("SELECT DISTINCT member_id FROM identifier")
        first = await tx.fetchval(
            "SELECT original_member_id FROM identifier WHERE kind = $1", OPENID[0]
        )
    assert [row["merged_into"] for row in into] == [None, member_id(1), member_id(1)]
    assert [row["member_id"] for row in owned] == [member_id(1)]
    assert first == member_id(3)


async def test_a_merge_is_done_once_a_key(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    key = {"Idempotency-Key": "k"}
    first, again = (
        await merge(identity, 1, 2, headers=key),
        await merge(identity, 1, 2, headers=key),
    )
    assert first.json() == again.json()
    other = await merge(identity, 2, 1, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    once_more = await merge(identity, 1, 2)
    assert (once_more.status_code, once_more.json()["code"]) == (409, "already_merged")


async def test_bad_merges_are_problems(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    answer = await merge(identity, 1, 9)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_member")
    assert answer.json()["errors"][0]["pointer"] == "/absorbed_id"
    assert (await identity.client.get(f"/v1/merges/{member_id(1)}")).status_code == 404


async def test_a_correction_by_a_merged_id_reaches_the_survivor(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    await merge(identity, 1, 2)
    await identity.client.patch(f"/v1/members/{member_id(2)}", json={"city": "Wuhan"})
    assert (await identity.client.get(f"/v1/members/{member_id(1)}")).json()["city"] == "Wuhan"


async def test_a_retried_registration_gets_its_answer_after_a_merge(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    before = await join(identity, 2, CARD)
    await merge(identity, 1, 2)
    assert await join(identity, 2, CARD) == before
    taken = await identity.client.post("/v1/members", json=registration(5, CARD))
    assert taken.status_code == 409
