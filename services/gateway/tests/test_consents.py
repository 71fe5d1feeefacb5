"""Answers, their chain, the notices, and what follows from them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_egress import tell

from chassis.clock import DrivenClock
from contracts.events import MembersMerged
from contracts.gateway_events import ConsentChanged
from contracts.roles import Role
from gateway_service.consent import domain, repository
from gateway_service.consent.domain import Act, Answer, Head, Key, Link, State
from gateway_service.consent.standings import SECONDS, Standings
from testkit import eventually

MEMBER, OTHER, THIRD = UUID(int=11), UUID(int=12), UUID(int=13)
SMS = {"purpose": "marketing", "channel": "sms"}
PERSONAL = {"purpose": "personalised_recommendation"}


def yes(what: dict[str, str], **more: Any) -> dict[str, Any]:
    return {**what, "granted": True, "asked": {"ref": str(uuid4())}, **more}


def no(what: dict[str, str]) -> dict[str, Any]:
    return {**what, "granted": False}


async def put(gateway: Gateway, member: UUID, *answers: Any, role: Role = Role.MEMBER) -> Any:
    """The answer to a PUT of these."""
    own = member if role is Role.MEMBER else None
    return await gateway.http.put(
        f"/v1/members/{member}/consents",
        json={"consents": list(answers)},
        headers=await gateway.as_(role, own),
    )


async def stands(gateway: Gateway, member: UUID, what: dict[str, str]) -> dict[str, Any]:
    path = f"/v1/members/{member}/consents"
    found = await gateway.http.get(path, headers=await gateway.as_(Role.MEMBER, member))
    (row,) = [
        each
        for each in found.json()["data"]
        if (each["purpose"], each["channel"]) == (what["purpose"], what.get("channel"))
    ]
    return dict(row)


def problem(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"]


async def test_nothing_is_granted_before_it_is_asked(gateway: Gateway) -> None:
    path = f"/v1/members/{MEMBER}/consents"
    found = await gateway.http.get(path, headers=await gateway.as_(Role.MEMBER, MEMBER))
    rows = found.json()["data"]
    assert [(each["purpose"], each["channel"]) for each in rows] == [
        (key.purpose, key.channel or None) for key in domain.KEYS
    ]
    assert {each["state"] for each in rows} == {"to_be_asked"}
    assert not any(each["granted"] for each in rows) and all(each["ask_from"] for each in rows)


async def test_an_answer_names_the_notice_and_the_act(gateway: Gateway) -> None:
    done = await put(gateway, MEMBER, yes(SMS, notice_version=1))
    assert done.status_code == 200, done.text
    await put(gateway, MEMBER, no(SMS))
    history = await gateway.http.get(
        f"/v1/members/{MEMBER}/consents/history", headers=await gateway.as_(Role.MEMBER, MEMBER)
    )
    chain = history.json()
    assert chain["intact"] and [each["state"] for each in chain["data"]] == ["granted", "withdrawn"]
    notices = (await gateway.http.get("/v1/notices")).json()["data"]
    (notice,) = [each for each in notices if each["purpose"] == "marketing"]
    first = chain["data"][0]
    assert (first["notice_version"], first["notice_hash"]) == (notice["version"], notice["hash"])
    assert first["by_role"] == "member" and first["asked"]["how"] == "tick"
    assert len({each["hash"] for each in chain["data"]}) == 2


async def test_one_act_is_one_yes(gateway: Gateway) -> None:
    one = yes(SMS)
    both = [one, {**PERSONAL, "granted": True, "asked": one["asked"]}]
    assert problem(await put(gateway, MEMBER, *both)) == (
        422, "bundled_consent", "/consents/1/asked",
    )  # fmt: skip
    bare = [{**SMS, "granted": True}, {**PERSONAL, "granted": True}]
    assert problem(await put(gateway, MEMBER, *bare))[1:] == (
        "bundled_consent", "/consents/0/asked",
    )  # fmt: skip
    assert (await put(gateway, MEMBER, one)).status_code == 200
    assert problem(await put(gateway, MEMBER, both[1]))[1] == "bundled_consent"
    assert problem(await put(gateway, OTHER, one))[1] == "bundled_consent"
    assert (await put(gateway, MEMBER, one)).status_code == 200  # sent twice, counted once
    assert (await put(gateway, MEMBER, yes(SMS), yes(PERSONAL))).status_code == 200
    nos = [no(SMS), no(PERSONAL)]
    assert (await put(gateway, MEMBER, *nos)).status_code == 200  # one act takes back everything
    assert (await stands(gateway, MEMBER, SMS))["state"] == "withdrawn"


@pytest.mark.parametrize(
    "bad",
    [
        {"purpose": "everything", "granted": True},
        {"purpose": ["marketing", "sensitive"], "granted": True},
        {"purpose": "marketing", "granted": True},
        {"purpose": "sensitive", "channel": "sms", "granted": True},
        {"purpose": "sensitive", "granted": "true"},
        {"purpose": "sensitive"},
        {**PERSONAL, "granted": True, "asked": {"ref": "138"}},
        {**PERSONAL, "granted": True, "asked": {"ref": str(uuid4()), "where": "13800138000"}},
    ],
)
async def test_no_flag_says_yes_to_several(gateway: Gateway, bad: Any) -> None:
    status, code, pointer = problem(await put(gateway, MEMBER, bad))
    assert (status, code) == (422, "invalid_body") and pointer.startswith("/consents/0")


async def test_what_cannot_be_answered_so(gateway: Gateway) -> None:
    ends = await put(gateway, MEMBER, no({"purpose": "membership"}))
    assert problem(ends) == (409, "ends_membership", "/consents/0/granted")
    old = await put(gateway, MEMBER, yes(SMS, notice_version=7))
    assert problem(old) == (409, "notice_not_in_force", "/consents/0/notice_version")
    guardian = {"purpose": "guardian"}
    assert problem(await put(gateway, MEMBER, yes(guardian)))[:2] == (403, "guardian_needed")
    by_staff = await put(gateway, MEMBER, yes(guardian), role=Role.SERVICE_AGENT)
    assert by_staff.status_code == 200


async def test_a_no_is_not_asked_again_for_90_days(gateway: Gateway, clock: DrivenClock) -> None:
    clock.move(datetime(2026, 1, 1, tzinfo=UTC), ticking=False)
    await put(gateway, MEMBER, no(SMS), role=Role.SERVICE_AGENT)
    row = await stands(gateway, MEMBER, SMS)
    assert row["state"] == "refused"
    assert datetime.fromisoformat(row["ask_from"]) == clock.now() + timedelta(days=90)
    asked = {"ref": str(uuid4()), "where": "till", "how": "spoken", "initiative": "programme"}
    again = {**SMS, "granted": True, "asked": asked}
    answer = await put(gateway, MEMBER, again, role=Role.SERVICE_AGENT)
    assert problem(answer) == (409, "asked_too_soon", "/consents/0/asked")
    clock.move(clock.now() + timedelta(days=90), ticking=False)
    assert (await put(gateway, MEMBER, again, role=Role.SERVICE_AGENT)).status_code == 200
    await put(gateway, MEMBER, no(SMS))
    assert (await put(gateway, MEMBER, yes(SMS))).status_code == 200  # the member came


async def test_a_changed_notice_asks_again(gateway: Gateway) -> None:
    await put(gateway, MEMBER, yes(SMS), yes({"purpose": "membership"}))
    consents = gateway.parts.consents
    assert await consents.granted(MEMBER, "marketing", "sms")

    async def publish(purpose: str, *, material: bool) -> None:
        text = {"title": "营销", "text": "每天最多两条"}
        body = {"purpose": purpose, "zh": text, "en": text, "material": material}
        done = await gateway.http.post(
            "/v1/notices", json=body, headers=await gateway.as_(Role.COMPLIANCE)
        )
        assert done.status_code == 201, done.text

    await publish("marketing", material=False)
    assert (await stands(gateway, MEMBER, SMS))["state"] == "granted"
    await publish("marketing", material=True)
    row = await stands(gateway, MEMBER, SMS)
    assert (row["state"], row["granted"]) == ("to_be_asked", False) and row["ask_from"]
    assert not await consents.granted(MEMBER, "marketing", "sms")
    await publish("membership", material=True)
    member = await stands(gateway, MEMBER, {"purpose": "membership"})
    assert (member["state"], member["granted"]) == ("to_be_asked", True)
    await put(gateway, MEMBER, yes(SMS, notice_version=3))
    assert (await stands(gateway, MEMBER, SMS))["granted"]
    versions = (await gateway.http.get("/v1/notices?history=true")).json()["data"]
    assert [n["version"] for n in versions if n["purpose"] == "marketing"] == [3, 2, 1]


async def test_many_members_answer_at_once(gateway: Gateway) -> None:
    pos = await gateway.as_(Role.POS)
    shared = yes(SMS)
    members = [
        {"member_id": str(MEMBER), "consents": [shared]},
        {"member_id": str(OTHER), "consents": [shared]},
        {"member_id": str(THIRD), "consents": [no(SMS)]},
    ]
    body = {"members": members}
    results = (await gateway.http.post("/v1/consents/batch", json=body, headers=pos)).json()
    assert [each["status"] for each in results["results"]] == [200, 422, 200]
    assert results["results"][1]["problem"]["code"] == "bundled_consent"
    counts = await gateway.http.get("/v1/consents/counts", headers=await gateway.as_(Role.ANALYST))
    assert counts.json()["data"] == [{**SMS, "granted": 1, "refused": 1, "withdrawn": 0}]


async def test_a_no_survives_a_merge(gateway: Gateway) -> None:
    await put(gateway, MEMBER, yes(SMS), yes(PERSONAL))
    await put(gateway, OTHER, no(SMS))
    now = gateway.app.db.clock.now()
    await tell(gateway, MembersMerged(uuid4(), THIRD, OTHER, now, "card_no:x"))
    await tell(gateway, MembersMerged(uuid4(), MEMBER, THIRD, now, "card_no:y"))
    consents = gateway.parts.consents
    for member in (MEMBER, OTHER, THIRD):
        assert (await stands(gateway, member, SMS))["state"] == "refused"
        assert not await consents.granted(member, "marketing", "sms")
        assert await consents.granted(member, "personalised_recommendation")
    async with gateway.app.db.transaction(readonly=True) as tx:
        chains = {m: await repository.chain(tx, m) for m in (MEMBER, OTHER, THIRD)}
        heads = {m: await repository.head(tx, m) for m in chains}
    assert all(domain.intact(chain, heads[member]) for member, chain in chains.items())
    assert [link.inherited_from for link in chains[MEMBER]] == [None, None, THIRD]
    assert [link.inherited_from for link in chains[OTHER]] == [None]  # as it was: a split can


async def test_a_chain_is_added_to_and_nothing_else(gateway: Gateway) -> None:
    await put(gateway, MEMBER, yes(SMS))
    for change in ("UPDATE consent_event SET state = 'refused'", "DELETE FROM consent_event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with gateway.app.db.transaction() as tx:
                await tx.execute(change)


async def test_a_change_is_told_once(gateway: Gateway) -> None:
    await put(gateway, MEMBER, one := yes(SMS))
    await put(gateway, MEMBER, one)
    async with gateway.app.db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1", ConsentChanged.subject
        )
    (event,) = [msgspec.json.decode(row["payload"], type=ConsentChanged) for row in rows]
    (told,) = event.answers
    assert (told.member_id, told.purpose, told.channel) == (MEMBER, "marketing", "sms")
    assert told.granted


async def test_what_staff_change_is_in_the_audit(gateway: Gateway) -> None:
    async def entries() -> list[Any]:
        officer = await gateway.as_(Role.COMPLIANCE)
        found = await gateway.http.get("/v1/audit?action=consent", headers=officer)
        return [(each["role"], each["operation"], each["members"]) for each in found.json()["data"]]

    who = {member: str(gateway.parts.audit.pseudonym(member)) for member in (MEMBER, OTHER)}
    await put(gateway, MEMBER, yes(SMS))
    assert await entries() == []  # the member's own answers are in the chain alone
    await put(gateway, MEMBER, no(SMS), role=Role.SERVICE_AGENT)
    await put(gateway, MEMBER, no(SMS), role=Role.SERVICE_AGENT)  # changed nothing
    withdrawn = ("service_agent", "consent marketing sms withdrawn", [who[MEMBER]])
    assert await entries() == [withdrawn]
    batch = {"members": [{"member_id": str(each), "consents": [yes(PERSONAL)]} for each in who]}
    headers = await gateway.as_(Role.POS)
    done = await gateway.http.post("/v1/consents/batch", json=batch, headers=headers)
    assert done.status_code == 200, done.text
    granted = ("pos", "consent personalised_recommendation granted", sorted(who.values()))
    assert await entries() == [granted, withdrawn]


async def test_another_process_knows_within_seconds(gateway: Gateway) -> None:
    moment = 0.0
    elsewhere = Standings(lambda: moment)
    elsewhere.db = gateway.app.db
    await put(gateway, MEMBER, yes(SMS))
    assert await elsewhere.granted(MEMBER, "marketing", "sms")
    await put(gateway, MEMBER, no(SMS))
    assert not await gateway.parts.consents.granted(MEMBER, "marketing", "sms")
    assert await elsewhere.granted(MEMBER, "marketing", "sms")  # remembers, for a moment
    moment = SECONDS
    assert not await elsewhere.granted(MEMBER, "marketing", "sms")
    assert SECONDS <= 5


async def test_a_withdrawal_waits_for_a_message_that_is_leaving(gateway: Gateway) -> None:
    await put(gateway, MEMBER, yes(SMS))
    key = Key("marketing", "sms")
    async with gateway.app.db.transaction() as leaving:
        assert await repository.granted_among(leaving, [(MEMBER, key)], lock=True)
        withdrawal = asyncio.create_task(put(gateway, MEMBER, no(SMS)))

        async def waits() -> bool:
            async with gateway.app.db.transaction(readonly=True) as tx:
                return bool(await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

        await eventually(waits)
    assert (await withdrawal).status_code == 200
    async with gateway.app.db.transaction() as tx:
        assert not await repository.granted_among(tx, [(MEMBER, key)], lock=True)


def _chain(length: int) -> list[Link]:
    links: list[Link] = []
    for number in range(1, length + 1):
        link = Link(
            MEMBER, number, datetime(2026, 1, number, tzinfo=UTC), Key("sensitive"),
            State.GRANTED, 1, "h", Act(UUID(int=number), "app", "tick", "member"), Role.MEMBER,
            str(MEMBER),
        )  # fmt: skip
        before = links[-1].hash if links else domain.GENESIS
        links.append(replace(link, hash=domain.digest(link, before)))
    return links


def test_every_tampering_with_a_chain_shows() -> None:
    chain = _chain(4)
    head = Head(4, chain[-1].hash)
    assert domain.intact(chain, head)
    assert not domain.intact(chain[:-1], head)
    assert not domain.intact(chain[1:], head)
    assert not domain.intact([chain[1], chain[0], *chain[2:]], head)
    changes: list[dict[str, Any]] = [
        {"state": State.REFUSED}, {"notice_version": 2}, {"notice_hash": "x"}, {"member_id": OTHER},
        {"at": datetime(2027, 1, 1, tzinfo=UTC)}, {"by_role": Role.ADMIN}, {"by_subject": "x"},
        {"key": Key("membership")}, {"inherited_from": OTHER},
        {"act": Act(UUID(int=99), "app", "tick", "member")},
    ]  # fmt: skip
    for n, change in enumerate(changes):
        place = n % 4
        edited = [*chain[:place], replace(chain[place], **change), *chain[place + 1 :]]
        assert not domain.intact(edited, head), change


def test_what_a_survivor_inherits() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said_yes, said_no = Answer(State.GRANTED, 1, at), Answer(State.REFUSED, 1, at)
    sms, email = Key("marketing", "sms"), Key("marketing", "email")
    assert domain.inherited({sms: said_yes}, {sms: said_no}) == {sms: said_no}
    assert domain.inherited({sms: said_no}, {sms: said_yes}) == {}
    assert domain.inherited({sms: said_yes}, {sms: said_yes}) == {}
    assert domain.inherited({}, {email: said_yes}) == {email: said_yes}
