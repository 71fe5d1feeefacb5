"""Rights that members claim: who may, the clock, answers, the archive, being forgotten."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen
from services.gateway.tests.test_consents import PERSONAL, SMS, put, stands, yes
from services.gateway.tests.test_egress import outbox, tell, wish

from chassis.clock import DrivenClock
from chassis.principal import Principal
from contracts.classification import Kind
from contracts.gateway_events import RightsAnswered, RightsRequested
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.consent import domain as domain_of_consent
from gateway_service.relations import repository as relations
from gateway_service.rights import domain
from gateway_service.rights.use_cases import watch
from gateway_service.vault.seal import IDENTIFIERS, NotOurs

MEMBER, ABSORBED = UUID(int=11), UUID(int=12)
PATH = f"/v1/members/{MEMBER}/rights-requests"
SHARING, MEMBERSHIP = (
    domain_of_consent.Key("third_party_sharing"),
    domain_of_consent.Key("membership"),
)
INNER = ("identity", "profile", "points", "campaign")


@pytest_asyncio.fixture(loop_scope="session")
async def person(gateway: Gateway, inner: Inner) -> dict[str, str]:
    """identity knows the member; answers the sealed values by what they are."""
    vault = gateway.parts.vault
    await vault.ready([MEMBER, ABSORBED], create=True)
    tokens = {
        "name": vault.seal(Kind.NAME, "张三", MEMBER, place="member.name"),
        "phone": vault.seal(Kind.PHONE, "13800138002", ABSORBED, place=IDENTIFIERS),
        "openid": vault.seal(Kind.WECHAT_OPENID, "o-1234567", None, place=IDENTIFIERS),
    }
    inner.replies[f"GET /v1/members/{MEMBER}/stored-value"] = 404, {}
    inner.replies[f"GET /internal/members/{MEMBER}"] = 200, {
        "member_id": str(MEMBER), "absorbed": [str(ABSORBED)], "language": "zh",
        "name": tokens["name"],
        "identifiers": [
            {"kind": kind, "value": tokens[name], "linked_at": "2017-01-01T00:00:00Z",
             "source": "x"}
            for kind, name in (("phone", "phone"), ("wechat_openid", "openid"))
        ],
    }  # fmt: skip
    return tokens


async def claim(gateway: Gateway, kind: str, headers: Any = None, **more: Any) -> Any:
    headers = headers or await gateway.as_(Role.MEMBER, MEMBER)
    return await gateway.http.post(PATH, json={"kind": kind, **more}, headers=headers)


async def asked(gateway: Gateway) -> list[RightsRequested]:
    async with gateway.app.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", RightsRequested.subject
        )
    return [msgspec.json.decode(row["payload"], type=RightsRequested) for row in rows]


def answer(request: UUID, service: str, **rows: Any) -> RightsAnswered:
    return RightsAnswered(request, service, 1, 1, rows)


async def state(gateway: Gateway, request: str) -> Any:
    headers = await gateway.as_(Role.MEMBER, MEMBER)
    found = await gateway.http.get(f"{PATH}/{request}", headers=headers)
    assert found.status_code == 200, found.text
    return found.json()


async def test_a_copy_holds_what_every_service_holds(
    gateway: Gateway, person: dict[str, str]
) -> None:
    await put(gateway, MEMBER, yes(SMS))
    made = (await claim(gateway, "copy")).json()
    request = UUID(made["request_id"])
    assert made["state"] == "open" and made["days_left"] == 15
    (event,) = await asked(gateway)
    assert (event.kind, event.members) == ("copy", [MEMBER, ABSORBED])
    headers = await gateway.as_(Role.MEMBER, MEMBER)
    archive = f"{PATH}/{request}/archive"
    assert (await gateway.http.get(archive, headers=headers)).status_code == 404
    identity = answer(
        request, "identity", member=[{"name": person["name"], "city": "<b>北京</b>"}],
        identifier=[{"value": person["phone"]}, {"value": person["openid"]}],
    )  # fmt: skip
    halves = [RightsAnswered(request, "points", n, 2, {"orders": [{"n": n}]}) for n in (1, 2)]
    await tell(gateway, identity, identity, answer(request, "campaign"), halves[1])
    waiting = {
        each["service"]: each["answered_at"]
        for each in (await state(gateway, made["request_id"]))["answers"]
    }
    assert [name for name, at in waiting.items() if at is None] == ["profile", "points"]
    await tell(gateway, answer(request, "profile", trait=[{"name": "x", "value": {"y": [1]}}]))
    await tell(gateway, halves[0])
    done = await state(gateway, made["request_id"])
    assert done["state"] == "answered" and done["archive_until"]
    packed = await gateway.http.get(archive, headers=headers)
    assert packed.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        data, page = json.loads(files.read("data.json")), files.read("index.html").decode()
    services = data["services"]
    assert services["identity"]["member"] == [{"name": "张三", "city": "<b>北京</b>"}]
    assert [each["value"] for each in services["identity"]["identifier"]] == [
        "+8613800138002", "o-1234567",
    ]  # fmt: skip
    assert services["points"]["orders"] == [{"n": 1}, {"n": 2}]
    assert services["gateway"]["consent_event"][0]["purpose"] == "marketing"
    assert "张三" in page and "<b>北京" not in page and "&lt;b&gt;北京" in page
    async with gateway.app.db.transaction(readonly=True) as tx:
        stored = await tx.fetchrow("SELECT archive FROM rights_request")
        parts = await tx.fetch("SELECT DISTINCT sections FROM rights_answer")
    assert stored["archive"].startswith("hy2.") and [dict(p) for p in parts] == [{"sections": {}}]


async def test_portable_data_is_json_alone(gateway: Gateway, person: dict[str, str]) -> None:
    request = UUID((await claim(gateway, "port")).json()["request_id"])
    await tell(gateway, *(answer(request, name) for name in INNER))
    headers = await gateway.as_(Role.MEMBER, MEMBER)
    packed = await gateway.http.get(f"{PATH}/{request}/archive", headers=headers)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        assert files.namelist() == ["data.json"]


async def test_an_archive_is_the_members_and_not_for_ever(
    gateway: Gateway, person: dict[str, str], clock: DrivenClock
) -> None:
    request = UUID((await claim(gateway, "access")).json()["request_id"])
    await tell(gateway, *(answer(request, name) for name in INNER))
    path = f"{PATH}/{request}/archive"
    for role in (Role.SERVICE_AGENT, Role.ADMIN, Role.COMPLIANCE):
        refused = await gateway.http.get(path, headers=await gateway.as_(role))
        assert refused.status_code == 403
    foreign = await gateway.as_(Role.MEMBER, uuid4())
    assert (await gateway.http.get(path, headers=foreign)).status_code == 403
    clock.move(clock.now() + domain.ARCHIVE_LIFE + timedelta(minutes=1))
    late = await gateway.http.get(path, headers=await gateway.as_(Role.MEMBER, MEMBER))
    assert late.status_code == 410
    await watch(gateway.app.db, clock.now())
    async with gateway.app.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT archive FROM rights_request") is None


async def test_who_may_ask(gateway: Gateway, person: dict[str, str]) -> None:
    bare = await gateway.as_(Role.SERVICE_AGENT)
    assert (await claim(gateway, "copy", bare)).json()["code"] == "requester_not_verified"
    with_ticket = {**bare, "Ticket": "T-1"}
    assert (await claim(gateway, "copy", with_ticket)).status_code == 403
    stepped = await gateway.token(Role.SERVICE_AGENT, acr_values="mfa")
    both = {"Authorization": f"Bearer {stepped}", "Ticket": "T-1"}
    done = await claim(gateway, "copy", both)
    assert done.status_code == 201 and done.json()["ticket"] == "T-1"
    for role in (Role.POS, Role.GUIDE, Role.ANALYST, Role.PARTNER):
        assert (await claim(gateway, "copy", await gateway.as_(role))).status_code == 403


def test_a_sign_in_of_long_ago_is_no_proof() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for minutes, fine in ((1, True), (15, True), (16, False)):
        at = now - timedelta(minutes=minutes)
        caller = Principal(Role.MEMBER, "m", MEMBER, signed_in_at=at)
        assert domain.verified(caller, None, now) is fine
    assert not domain.verified(Principal(Role.MEMBER, "m", MEMBER), None, now)


async def test_the_clock_shows_who_is_late(
    gateway: Gateway, person: dict[str, str], clock: DrivenClock
) -> None:
    request = UUID((await claim(gateway, "copy")).json()["request_id"])
    await tell(gateway, *(answer(request, name) for name in INNER[:-1]))
    officer = await gateway.as_(Role.COMPLIANCE)

    async def listed(query: str) -> list[Any]:
        found = await gateway.http.get(f"/v1/rights-requests?{query}", headers=officer)
        return list(found.json()["data"])

    assert await listed("overdue=true") == []
    clock.move(clock.now() + timedelta(days=15, minutes=1))
    officer = await gateway.as_(Role.COMPLIANCE)
    (late,) = await listed("overdue=true&state=open")
    assert late["overdue"] and late["days_left"] < 0
    assert [a["service"] for a in late["answers"] if a["answered_at"] is None] == ["campaign"]
    await watch(gateway.app.db, clock.now())  # asks once more
    assert [event.request_id for event in await asked(gateway)] == [request, request]
    body = {"reason": "excessive"}
    path = f"/v1/rights-requests/{request}/refuse"
    refused = await gateway.http.post(path, json=body, headers=officer)
    assert refused.json()["reason"] == "excessive" and not refused.json()["overdue"]
    assert (await gateway.http.post(path, json=body, headers=officer)).status_code == 409
    assert (await gateway.http.post(path, json={}, headers=officer)).status_code == 422
    await tell(gateway, answer(request, "campaign"))  # too late: nothing is put together
    assert (await state(gateway, str(request)))["archive_until"] is None


async def test_a_correction_goes_through_the_usual_door(
    gateway: Gateway, inner: Inner, person: dict[str, str]
) -> None:
    told: list[Seen] = []

    def patched(seen: Seen) -> tuple[int, Any]:
        told.append(seen)
        return 200, {}

    inner.replies[f"PATCH /v1/members/{MEMBER}"] = patched
    body = {"corrections": {"name": "李四", "city": "上海"}}
    done = await claim(gateway, "correct", **body)
    assert done.status_code == 201, done.text
    assert (done.json()["state"], done.json()["fields"]) == ("answered", ["city", "name"])
    assert told[0].json["city"] == "上海" and told[0].json["name"].startswith("hy2.")
    assert await asked(gateway) == []
    assert (await claim(gateway, "correct")).status_code == 422
    assert (await claim(gateway, "copy", **body)).status_code == 422
    bad = await claim(gateway, "correct", corrections={"birthday": "2001-02-30"})
    assert bad.status_code == 422 and "2001" not in bad.text


async def test_a_forgotten_member_is_gone(
    gateway: Gateway, inner: Inner, person: dict[str, str]
) -> None:
    await put(gateway, MEMBER, yes(SMS))
    open_copy = (await claim(gateway, "copy")).json()["request_id"]
    await tell(gateway, wish(gateway))
    assert len((await outbox(gateway))["data"]) == 1
    own = await gateway.as_(Role.MEMBER, MEMBER)
    done = await claim(gateway, "erase", {**own, "Idempotency-Key": "k"})
    assert done.status_code == 201, done.text
    request = UUID(done.json()["request_id"])
    refused = await gateway.http.get(PATH, headers=own)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    vault = gateway.parts.vault
    await vault.ready_for(*person.values())
    for name, token in person.items():
        place = "member.name" if name == "name" else IDENTIFIERS
        with pytest.raises(NotOurs):
            vault.open(Sealed.parse(token), {MEMBER.bytes, ABSORBED.bytes}, place=place)
    assert (await outbox(gateway))["data"] == []
    async with gateway.app.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM consent") == 0
        assert await tx.fetchval("SELECT count(*) FROM consent_event") == 1  # proof, by a bare id
        copy = await tx.fetchrow(
            "SELECT state, reason FROM rights_request WHERE request_id = $1", UUID(open_copy)
        )
    assert tuple(copy) == ("refused", "erased_meanwhile")
    assert [event.kind for event in await asked(gateway)] == ["copy", "erase"]
    inner.replies[f"GET /internal/members/{MEMBER}"] = 404, {}
    await tell(gateway, *(answer(request, name) for name in INNER), wish(gateway))
    officer = await gateway.as_(Role.COMPLIANCE)
    listed = await gateway.http.get("/v1/rights-requests?state=answered", headers=officer)
    assert [each["kind"] for each in listed.json()["data"]] == ["erase"]
    assert (await outbox(gateway))["data"] == []


async def test_nobody_is_erased_whose_money_is_still_here(
    gateway: Gateway, inner: Inner, person: dict[str, str]
) -> None:
    def account(principal: int, bonus: int) -> Any:
        money = {"principal": principal, "bonus": bonus, "refundable": 0}
        return {
            "account_id": str(uuid4()), "member_id": str(MEMBER),
            "opened_at": "2020-01-01T00:00:00Z",
            **{name: {"amount": fen} for name, fen in money.items()},
        }  # fmt: skip

    path = f"GET /v1/members/{MEMBER}/stored-value"
    inner.replies[path] = 503, {}
    assert (await claim(gateway, "erase")).status_code == 503
    inner.replies[path] = 200, {"data": [account(1_200, 50), account(34, 0)]}
    refused = (await claim(gateway, "erase")).json()
    assert (refused["state"], refused["reason"]) == ("refused", "stored_value_owed")
    assert refused["owed"] == {"amount": 1_234, "currency": "CNY"}
    assert await asked(gateway) == []
    await gateway.parts.vault.ready_for(person["name"])
    token, mine = Sealed.parse(person["name"]), {MEMBER.bytes}
    assert gateway.parts.vault.open(token, mine, place="member.name") == "张三"
    inner.replies[path] = 200, {"data": [account(0, 50)]}  # a gift is no debt
    assert (await claim(gateway, "erase")).json()["state"] == "open"


async def test_an_objection_switches_recommendations_off(
    gateway: Gateway, person: dict[str, str]
) -> None:
    await put(gateway, MEMBER, yes(PERSONAL), yes(SMS))
    assert (await claim(gateway, "object")).status_code == 201
    assert (await stands(gateway, MEMBER, PERSONAL))["state"] == "withdrawn"
    assert (await stands(gateway, MEMBER, SMS))["granted"]
    assert [event.kind for event in await asked(gateway)] == ["object"]


async def test_a_retry_is_the_same_request(gateway: Gateway, person: dict[str, str]) -> None:
    own = {**await gateway.as_(Role.MEMBER, MEMBER), "Idempotency-Key": "once"}
    first, again = await claim(gateway, "copy", own), await claim(gateway, "copy", own)
    assert first.json() == again.json() and len(await asked(gateway)) == 1
    assert (await claim(gateway, "port", own)).status_code == 422


async def test_personal_answers_need_consent(gateway: Gateway, inner: Inner) -> None:
    agent = await gateway.as_(Role.SERVICE_AGENT)
    path = f"/v1/members/{MEMBER}/profile"
    inner.replies[f"GET {path}"] = 200, {}
    await gateway.http.get(path, headers=agent)
    assert inner.last.headers["x-huiyuan-impersonal"] == "1"
    await put(gateway, MEMBER, yes(PERSONAL))
    await gateway.http.get(path, headers={**agent, "x-huiyuan-impersonal": "1"})
    assert "x-huiyuan-impersonal" not in inner.last.headers


async def test_nothing_is_concluded_of_a_child_without_the_guardian(
    gateway: Gateway, inner: Inner
) -> None:
    agent = await gateway.as_(Role.SERVICE_AGENT)
    path = f"/v1/members/{MEMBER}/profile"
    inner.replies[f"GET {path}"] = 200, {}
    async with gateway.app.db.transaction() as tx:
        await relations.put_children(tx, {MEMBER: date(2999, 1, 1)})
    await put(gateway, MEMBER, yes(PERSONAL))  # the child's own
    await gateway.http.get(path, headers=agent)
    assert inner.last.headers["x-huiyuan-impersonal"] == "1"
    await put(gateway, MEMBER, yes({"purpose": "guardian"}), role=Role.SERVICE_AGENT)
    await gateway.http.get(path, headers=agent)
    assert "x-huiyuan-impersonal" not in inner.last.headers
    assert domain_of_consent.guarded({SHARING}) == set()
    assert domain_of_consent.guarded({SHARING, MEMBERSHIP}) == {MEMBERSHIP}
