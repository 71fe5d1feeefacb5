"""Plain reads are few and audited; stores, consent and childhood count; approvals need two."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen

from contracts.classification import Kind
from contracts.events import MembersMerged, OrdersRecorded, RecordedOrder
from contracts.roles import Role
from gateway_service.relations.domain import child_until
from gateway_service.relations.use_cases import forget_grown_ups
from testkit import eventually

Start = Callable[..., Awaitable[Gateway]]
AGENT = Role.SERVICE_AGENT
SERVICE = {"Purpose": "service", "Ticket": "T-1"}


async def some_member(gateway: Gateway, inner: Inner, member_id: UUID | None = None) -> UUID:
    """A member whom identity knows by name and sex."""
    member = member_id or uuid4()
    vault = gateway.parts.vault
    await vault.ready([member], create=True)
    inner.replies[f"GET /v1/members/{member}"] = 200, {
        "member_id": str(member), "absorbed": [], "gender": "female", "city": "杭州",
        "name": vault.seal(Kind.NAME, "张三丰", member, place="member.name"),
        "birthday": vault.seal(Kind.BIRTHDAY, "2010-06-02", member, place="member.birthday"),
    }  # fmt: skip
    return member


async def get(gateway: Gateway, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    answer = await gateway.http.get(path, headers=headers)
    return answer.status_code, answer.json()


async def test_so_many_members_an_hour_and_no_more(start_gateway: Start, inner: Inner) -> None:
    gateway = await start_gateway(PLAIN_READS_PER_HOUR="5")
    member = await some_member(gateway, inner)
    headers = await gateway.as_(AGENT, **SERVICE)
    found = await asyncio.gather(
        *(get(gateway, f"/v1/members/{member}", headers) for _ in range(12))
    )
    assert sorted(status for status, _ in found) == [200] * 5 + [429] * 7
    refused = next(body for status, body in found if status == 429)
    assert refused["code"] == "plain_reads_spent" and "张三丰" not in str(refused)
    masked = await gateway.as_(AGENT)
    assert (await get(gateway, f"/v1/members/{member}", masked))[1]["name"] == "张**"
    own = await gateway.as_(Role.MEMBER, member, Purpose="own")  # one's own are not counted
    for _ in range(7):
        assert (await get(gateway, f"/v1/members/{member}", own))[1]["name"] == "张三丰"
    compliance = await gateway.as_(Role.COMPLIANCE)
    audit = (await get(gateway, "/v1/audit?subject=dev-service_agent", compliance))[1]["data"]
    assert sorted(each["decision"] for each in audit) == ["plain"] * 5 + ["refused"] * 7
    async with gateway.app.db.transaction() as tx:
        await tx.execute(
            "UPDATE plain_read SET at = at - interval '61 minutes'"
            " WHERE id IN (SELECT id FROM plain_read ORDER BY id LIMIT 2)"
        )
    again = [await get(gateway, f"/v1/members/{member}", headers) for _ in range(3)]
    assert [status for status, _ in again] == [200, 200, 429]


async def test_every_member_of_a_bulk_counts(start_gateway: Start, inner: Inner) -> None:
    gateway = await start_gateway(PLAIN_READS_PER_HOUR="3")
    vault = gateway.parts.vault
    items = []
    async with gateway.app.db.transaction() as tx:
        for n in range(4):
            token = vault.seal(Kind.TEXT, f"payload {n}", None, place="quarantine.payload")
            await tx.execute(
                "INSERT INTO quarantine VALUES ($1, $2, 'collect', 's', 'r', '', $3)",
                tx.ids.new(), tx.now, token,
            )  # fmt: skip
            items.append(token)
    headers = await gateway.as_(Role.COMPLIANCE, Purpose="repair", Ticket="T-1")
    status, page = await get(gateway, "/v1/quarantine?limit=3", headers)
    assert status == 200 and {each["payload"] for each in page["data"]} < {
        f"payload {n}" for n in range(4)
    }
    assert (await get(gateway, "/v1/quarantine?limit=1", headers))[0] == 429


async def test_without_a_count_nothing_is_shown(gateway: Gateway, inner: Inner, stack: Any) -> None:
    member = await some_member(gateway, inner)
    headers = await gateway.as_(AGENT, **SERVICE)
    admin = await asyncpg.connect(stack.admin_dsn)
    try:
        await admin.execute("REVOKE INSERT ON gateway.plain_read FROM huiyuan_gateway")
        status, body = await get(gateway, f"/v1/members/{member}", headers)
        assert status == 500 and "张三丰" not in str(body)
    finally:
        await admin.execute("GRANT INSERT ON gateway.plain_read TO huiyuan_gateway")
        await admin.close()


def recorded(member: UUID, store: str) -> OrdersRecorded:
    order = RecordedOrder("1", member, store, "pos", datetime.now(UTC), 100, 1, 1, [])
    return OrdersRecorded([order])


async def test_a_guide_sees_more_of_members_of_the_own_store(
    gateway: Gateway, inner: Inner
) -> None:
    here, elsewhere, joined = [await some_member(gateway, inner) for _ in range(3)]
    relations = gateway.parts.relations
    async with gateway.app.db.transaction() as tx:
        await relations.bought(tx, [recorded(here, "s-1"), recorded(elsewhere, "s-2")])
    inner.replies["POST /v1/members"] = lambda seen: (
        201, {"member_id": seen.json["member_id"], "registered_at": "2020-01-01T00:00:00Z"},
    )  # fmt: skip
    token = await gateway.token(Role.GUIDE, store="s-1")
    headers = {"Authorization": f"Bearer {token}"}
    body = {"identifiers": [{"kind": "card_no", "value": "A-1"}]}
    assert (await gateway.http.post("/v1/members", json=body, headers=headers)).status_code == 201
    joined = await some_member(gateway, inner, UUID(inner.last.json["member_id"]))
    for member in (here, elsewhere, joined):
        await agrees(gateway, member)

    async def city(member: UUID) -> object:
        return (await get(gateway, f"/v1/members/{member}", headers))[1]["city"]

    assert [await city(each) for each in (here, elsewhere, joined)] == ["杭州", None, "杭州"]
    async with gateway.app.db.transaction() as tx:
        merged = MembersMerged(uuid4(), elsewhere, here, tx.now, "x")
        await relations.merged(tx, [merged])
    assert await city(elsewhere) == "杭州"
    nowhere = await gateway.as_(Role.GUIDE)
    assert (await get(gateway, f"/v1/members/{here}", nowhere))[1]["city"] is None


async def agrees(gateway: Gateway, member: UUID, *, granted: bool = True) -> None:
    body = {"consents": [{"purpose": "personalised_recommendation", "granted": granted}]}
    headers = await gateway.as_(Role.MEMBER, member)
    answer = await gateway.http.put(f"/v1/members/{member}/consents", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_consent_counts_at_once(gateway: Gateway, inner: Inner) -> None:
    member = await some_member(gateway, inner)
    path = f"/v1/members/{member}/tags"
    inner.replies[f"GET {path}"] = 200, {"member_id": str(member), "data": [{"tag": "organic"}]}
    headers = await gateway.as_(Role.POS)
    assert (await get(gateway, path, headers))[1]["data"] == []
    await agrees(gateway, member)
    assert len((await get(gateway, path, headers))[1]["data"]) == 1
    await agrees(gateway, member, granted=False)
    assert (await get(gateway, path, headers))[1]["data"] == []


def test_childhood_ends_with_the_month_of_the_birthday() -> None:
    assert child_until(date(2010, 6, 2)) == date(2024, 7, 1)
    assert child_until(date(2010, 12, 31)) == date(2025, 1, 1)


async def test_children_are_read_with_an_approval_only(gateway: Gateway, inner: Inner) -> None:
    child = await some_member(gateway, inner)
    now = gateway.app.db.clock.now()
    async with gateway.app.db.transaction() as tx:
        await gateway.parts.relations.born(tx, {child: now.date() - timedelta(days=10 * 365)})
    path, headers = f"/v1/members/{child}", await gateway.as_(AGENT, **SERVICE)

    async def name() -> object:
        return (await get(gateway, path, headers))[1]["name"]

    assert await name() == "张**"
    profile = f"{path}/profile"
    inner.replies[f"GET {profile}"] = 200, {"member_id": str(child), "purchases": {"orders": 1}}
    assert (await get(gateway, profile, headers))[1]["code"] == "approval_needed"

    asking = {"purpose": "service", "ticket": "T-1", "hours": 2}
    asked = await gateway.http.post(f"{path}/read-approvals", json=asking, headers=headers)
    assert asked.status_code == 201 and asked.json()["state"] == "pending"
    decide = f"/v1/read-approvals/{asked.json()['approval_id']}/decide"

    async def decided(role: Role, *, granted: bool) -> tuple[int, Any]:
        as_role = await gateway.as_(role)
        answer = await gateway.http.post(decide, json={"granted": granted}, headers=as_role)
        return answer.status_code, answer.json()

    assert (await decided(AGENT, granted=True))[0] == 403
    assert await name() == "张**"
    status, granted = await decided(Role.APPROVER, granted=True)
    assert status == 200 and granted["member_id"] != str(child)  # approvers see pseudonyms
    assert (await decided(Role.COMPLIANCE, granted=False))[1]["code"] == "decided_already"
    assert await name() == "张三丰"
    other = await gateway.as_(Role.COMPLIANCE, Purpose="audit", Ticket="T-9")
    assert (await get(gateway, path, other))[1]["name"] == "张**"  # granted to who asked
    async with gateway.app.db.transaction() as tx:
        await tx.execute("UPDATE read_approval SET until = $1", tx.now)
    assert await name() == "张**"
    compliance = await gateway.as_(Role.COMPLIANCE)
    entries = (await get(gateway, "/v1/audit?action=approve", compliance))[1]["data"]
    assert [(each["operation"].split("/")[-1], each["decision"]) for each in entries] == [
        ("decide", "refused"), ("decide", "done"), ("decide", "refused"),
        ("read-approvals", "done"),
    ]  # fmt: skip
    async with gateway.app.db.transaction() as tx:
        await tx.execute("UPDATE child SET until = current_date")
    await forget_grown_ups(gateway.app.db, now)
    assert await name() == "张三丰"


async def test_nobody_decides_about_an_own_question(gateway: Gateway, inner: Inner) -> None:
    child = await some_member(gateway, inner)
    headers = await gateway.as_(Role.COMPLIANCE)
    body = {"purpose": "rights", "ticket": "T-1"}
    asked = await gateway.http.post(
        f"/v1/members/{child}/read-approvals", json=body, headers=headers
    )
    path = f"/v1/read-approvals/{asked.json()['approval_id']}/decide"
    answer = await gateway.http.post(path, json={"granted": True}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_question")
    missing = await gateway.http.post(
        f"/v1/read-approvals/{uuid4()}/decide", json={"granted": True}, headers=headers
    )
    assert missing.status_code == 404
    found = await get(gateway, "/v1/read-approvals?status=pending&limit=1", headers)
    assert [each["approval_id"] for each in found[1]["data"]] == [asked.json()["approval_id"]]


async def test_another_policy_counts_without_a_restart(
    start_gateway: Start, inner: Inner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway_service.desensitize.policies.LOOK_SECONDS", 0.0)
    file = tmp_path / "own.cedar"
    everything = "permit (principal, action, resource);"
    file.write_text(everything)
    gateway = await start_gateway(POLICY_FILE=str(file))
    member = await some_member(gateway, inner)
    headers, compliance = await gateway.as_(Role.POS), await gateway.as_(Role.COMPLIANCE)

    async def name() -> object:
        return (await get(gateway, f"/v1/members/{member}", headers))[1]["name"]

    async def status() -> Any:
        return (await get(gateway, "/v1/policy", compliance))[1]

    assert await name() == "张三丰"
    first = await status()
    forbid = 'forbid (principal, action == Action::"plain", resource == Field::"name");'
    file.write_text(everything + forbid)

    async def is_masked() -> bool:
        return await name() == "张**"

    await eventually(is_masked, says="the new policy does not count")
    second = await status()
    assert second["digest"] != first["digest"] and second["refused"] is None
    file.write_text(everything + forbid.replace("plain", "plan"))

    async def is_refused() -> bool:
        return "plan" in ((await status())["refused"] or "")

    await eventually(is_refused, says="a wrong policy is not refused")
    assert await name() == "张**" and (await status())["digest"] == second["digest"]
    entries = (await get(gateway, "/v1/audit?action=policy", compliance))[1]["data"]
    assert [each["decision"] for each in entries] == ["refused", "done"]
    assert second["digest"] in entries[1]["operation"]


async def test_guesses_at_identifiers_are_counted_and_hits_audited(
    start_gateway: Start, inner: Inner
) -> None:
    gateway = await start_gateway(GUESSES_PER_HOUR="5")
    member, known = uuid4(), gateway.parts.vault.question(Kind.PHONE, "13800138000")

    def lookup(seen: Seen) -> tuple[int, Any]:
        found = seen.json["value"] == known
        return (200, {"member_id": str(member)}) if found else (404, {"code": "unknown_identifier"})

    inner.replies["POST /v1/members/lookup"] = lookup
    headers = await gateway.as_(Role.GUIDE)

    async def ask(number: int) -> int:
        body = {"kind": "phone", "value": f"138001380{number:02}"}
        answer = await gateway.http.post("/v1/members/lookup", json=body, headers=headers)
        return answer.status_code

    assert [await ask(0) for _ in range(9)] == [200] * 9  # whom one knows one may ask about
    assert [await ask(n) for n in range(1, 8)] == [404] * 5 + [429] * 2
    assert await ask(0) == 429  # or a hit would tell
    quote = {
        "store": "1", "channel": "pos",
        "lines": [{"sku": "a", "quantity": 1, "unit": {"amount": 100}}],
        "identifier": {"kind": "card_no", "value": "A-1"},
    }  # fmt: skip
    inner.replies["POST /internal/resolve"] = 200, {"members": {}}
    answer = await gateway.http.post("/v1/pricing/quote", json=quote, headers=headers)
    assert answer.status_code == 429
    compliance = await gateway.as_(Role.COMPLIANCE)
    entries = (await get(gateway, "/v1/audit?action=lookup", compliance))[1]["data"]
    hits = [each for each in entries if each["decision"] == "done"]
    assert len(hits) == 9 and {tuple(each["fields"]) for each in hits} == {("phone",)}
    assert hits[0]["members"] == [str(gateway.parts.audit.pseudonym(member))]
    assert [each["decision"] for each in entries[:3]] == ["refused"] * 3


async def test_pseudonyms_differ_by_project(gateway: Gateway, inner: Inner) -> None:
    member = str(uuid4())
    coupon = {"member_id": member, "coupon_id": str(uuid4())}
    inner.replies["GET /v1/coupons/c1"] = 200, coupon
    seen = {}
    for role in (Role.PLANNER, Role.OPERATOR):
        seen[role] = (await get(gateway, "/v1/coupons/c1", await gateway.as_(role)))[1]["member_id"]
    again = (await get(gateway, "/v1/coupons/c1", await gateway.as_(Role.PLANNER)))[1]["member_id"]
    assert seen[Role.OPERATOR] == member != seen[Role.PLANNER] == again
    body = {"client_id": "other-project", "role": "planner"}
    admin = await gateway.as_(Role.ADMIN)
    made = (await gateway.http.post("/v1/clients", json=body, headers=admin)).json()
    answer = await gateway.http.post(
        "/oauth2/token", data={"grant_type": "client_credentials"},
        auth=(made["client_id"], made["client_secret"]),
    )  # fmt: skip
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    other = (await get(gateway, "/v1/coupons/c1", token))[1]["member_id"]
    assert len({member, again, other}) == 3
