"""Joining, reading, correcting, over HTTP."""

from typing import Any

import pytest
from services.identity.tests.samples import index, member_id, registration, token

from contracts import identity as members
from contracts import merge_reviews
from contracts.roles import Role
from testkit.apps import RunningApp

PHONE, CARD, OPENID = ("phone", "1"), ("card_no", "1"), ("miniprogram_openid", "1")


async def told(app: RunningApp) -> list[str]:
    """Subjects in the outbox, in sequence."""
    async with app.db.transaction() as tx:
        rows = await tx.fetch("SELECT subject FROM outbox ORDER BY id")
    return [row["subject"].split(".")[1] for row in rows]


async def join(app: RunningApp, *arguments: Any, **fields: Any) -> Any:
    answer = await app.client.post("/v1/members", json=registration(*arguments, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_member_joins_and_can_be_read(identity: RunningApp) -> None:
    name, birthday = token("name", "n"), token("birthday", "b")
    joined = await join(
        identity, 1, PHONE, CARD,
        name=name, birthday=birthday, birth_year=1990, birth_month=5, gender="female",
        city="Beijing",
    )  # fmt: skip
    assert joined["member_id"] == str(member_id(1))
    member = (await identity.client.get(f"/v1/members/{member_id(1)}")).json()
    assert member == {
        "member_id": str(member_id(1)), "absorbed": [], "status": "active", "name": name,
        "birthday": birthday, "gender": "female", "address": None, "city": "Beijing",
        "region": None,
        "language": "zh", "channel": "pos", "registered_at": joined["registered_at"],
    }  # fmt: skip
    assert await told(identity) == [
        "member_registered", "identifier_linked", "identifier_linked", "birthdays_known",
    ]  # fmt: skip


async def test_a_retry_gets_the_same_answer_and_does_nothing(identity: RunningApp) -> None:
    first = await join(identity, 1, PHONE, CARD)
    assert await join(identity, 1, CARD, PHONE, CARD) == first
    assert (await identity.client.get("/v1/members/stats")).json() == {
        "registered": 1, "members": 1, "identifiers": 2, "merges": 0,
    }  # fmt: skip
    assert len(await told(identity)) == 3


async def test_a_reused_id_is_refused(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    answer = await identity.client.post("/v1/members", json=registration(1, CARD))
    assert (answer.status_code, answer.json()["code"]) == (422, "member_id_reused")


async def test_an_identifier_of_another_member_is_refused(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    answer = await identity.client.post("/v1/members", json=registration(2, CARD, PHONE))
    assert (answer.status_code, answer.json()["code"]) == (409, "identifier_taken")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/identifiers/1/value"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await identity.client.get(f"/v1/members/{member_id(2)}")).status_code == 404


async def test_a_batch_answers_each_as_if_they_came_one_after_the_other(
    identity: RunningApp,
) -> None:
    await join(identity, 9, ("phone", "9"))
    body = {
        "members": [
            registration(1, PHONE),
            registration(2, PHONE, CARD),
            registration(3, CARD, ("phone", "9")),
            registration(4, CARD, OPENID),
            registration(1, PHONE),
            registration(1, ("phone", "5")),
        ]
    }
    for _ in range(2):
        answer = await identity.client.post("/v1/members/batch", json=body)
        results = answer.json()["results"]
        assert [result["status"] for result in results] == [201, 409, 409, 201, 201, 422]
        assert results[2]["problem"]["errors"][0]["pointer"] in (
            "/identifiers/0/value",
            "/identifiers/1/value",
        )
        assert results[0]["member_id"] == results[4]["member_id"] == str(member_id(1))
    stats = (await identity.client.get("/v1/members/stats")).json()
    assert (stats["registered"], stats["identifiers"]) == (3, 4)


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", "张伟"),
        ("birthday", "1990-05-01"),
        ("identifiers", [{"kind": "phone", "value": "13800138000"}]),
        ("identifiers", [{"kind": "phone", "value": token("card_no", "1")}]),
        ("identifiers", [{"kind": "name", "value": token("name", "1")}]),
        ("identifiers", []),
        ("gender", "f"),
        ("nickname", "x"),
    ],
)
async def test_clear_values_and_wrong_shapes_do_not_get_in(
    identity: RunningApp, field: str, value: Any
) -> None:
    body = {**registration(1, PHONE), field: value}
    answer = await identity.client.post("/v1/members", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")
    assert "张伟" not in answer.text and "13800138000" not in answer.text


async def test_what_is_given_is_corrected_and_the_rest_stays(identity: RunningApp) -> None:
    await join(identity, 1, PHONE, city="Beijing", gender="male", name=token("name", "old"))
    change = {"gender": "unknown", "name": token("name", "new"), "city": None}
    answer = await identity.client.patch(f"/v1/members/{member_id(1)}", json=change)
    assert answer.status_code == 200
    member = answer.json()
    assert (member["gender"], member["city"]) == ("unknown", "Beijing")
    assert member["name"] == token("name", "new")
    empty = await identity.client.patch(f"/v1/members/{member_id(1)}", json={})
    assert empty.json() == member


async def test_unknown_members_are_a_problem(identity: RunningApp) -> None:
    path = f"/v1/members/{member_id(7)}"
    answers = [
        await identity.client.get(path),
        await identity.client.patch(path, json={}),
        await identity.client.get(f"{path}/identifiers"),
        await identity.client.get(f"/internal/members/{member_id(7)}"),
        await identity.client.post(
            f"{path}/identifiers", json={"kind": "phone", "value": token(*PHONE)}
        ),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"unknown_member"}


async def test_identifiers_are_listed_found_and_resolved(identity: RunningApp) -> None:
    await join(identity, 1, PHONE, CARD, OPENID)
    path = f"/v1/members/{member_id(1)}/identifiers"
    first = (await identity.client.get(path, params={"limit": 2})).json()
    rest = (await identity.client.get(path, params={"cursor": first["next_cursor"]})).json()
    assert (len(first["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 1, None)
    assert {one["kind"] for one in first["data"] + rest["data"]} == {PHONE[0], CARD[0], OPENID[0]}
    assert (await identity.client.get(path, params={"cursor": "x"})).status_code == 422

    question = {"kind": "phone", "value": f"hyx1.phone.{index(*PHONE).partition(':')[2]}"}
    found = await identity.client.post("/v1/members/lookup", json=question)
    assert found.json() == {"member_id": str(member_id(1))}
    unknown = {"kind": "phone", "value": token("phone", "2")}
    answer = await identity.client.post("/v1/members/lookup", json=unknown)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (404, "/value")

    indexes = [index(*PHONE), index(*CARD), index("phone", "2")]
    resolved = await identity.client.post("/internal/resolve", json={"indexes": indexes})
    assert resolved.json() == {"members": dict.fromkeys(indexes[:2], str(member_id(1)))}


async def test_the_gateway_gets_what_it_needs_to_address_a_message(identity: RunningApp) -> None:
    await join(identity, 1, PHONE, name=token("name", "n"))
    answer = await identity.client.get(f"/internal/members/{member_id(1)}")
    addressee = answer.json()
    assert (addressee["name"], addressee["language"]) == (token("name", "n"), "zh")
    assert addressee["identifiers"][0]["value"] == token(*PHONE, member_id(1))


OPERATIONS = [*members.OPERATIONS, *merge_reviews.OPERATIONS]


async def test_every_operation_is_served(identity: RunningApp) -> None:
    served = {
        f"{method.upper()} {path}"
        for path, methods in identity.app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/")
    }
    assert served == {operation.name for operation in OPERATIONS}
    assert all(Role.ANALYST not in one.roles for one in OPERATIONS if "stats" not in one.path)
