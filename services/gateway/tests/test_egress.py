"""Messages on their way out."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner

from contracts.base import Event
from contracts.classification import Kind
from contracts.events import MessageRequested, MessageSent
from contracts.gateway_events import SuppressionChanged
from contracts.roles import Role
from gateway_service.egress.domain import needs, rendered
from gateway_service.relations import repository as relations
from gateway_service.vault.seal import IDENTIFIERS
from testkit import eventually

MEMBER, OTHER = UUID(int=11), UUID(int=12)


async def tell(gateway: Gateway, *events: Event) -> None:
    """Put events on the bus and wait until the gateway has heard them."""
    runtime = gateway.app.app.state.runtime
    for event in events:
        await runtime.bus.publish(event.subject, str(uuid4()), msgspec.json.encode(event))

    async def heard() -> bool:
        return not any((await runtime.lag()).values())

    await eventually(heard)


async def agree(gateway: Gateway, member: UUID, *, granted: bool = True) -> None:
    """The member says yes or no to marketing by SMS."""
    body = {"consents": [{"purpose": "marketing", "channel": "sms", "granted": granted}]}
    answer = await gateway.http.put(
        f"/v1/members/{member}/consents", json=body, headers=await gateway.as_(Role.MEMBER, member)
    )
    assert answer.status_code == 200, answer.text


async def told_of(gateway: Gateway, event: type[Any]) -> list[Any]:
    async with gateway.app.db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", event.subject
        )
    return [msgspec.json.decode(row["payload"], type=event) for row in rows]


async def sent(gateway: Gateway) -> list[MessageSent]:
    return await told_of(gateway, MessageSent)


async def outbox(gateway: Gateway, query: str = "") -> dict[str, Any]:
    answer = await gateway.http.get(f"/dev/outbox{query}")
    assert answer.status_code == 200
    return dict(answer.json())


def wish(gateway: Gateway, member: UUID = MEMBER, **fields: Any) -> MessageRequested:
    return MessageRequested(
        delivery_id=uuid4(),
        member_id=member,
        campaign_id=UUID(int=1),
        channel=fields.get("channel", "sms"),
        purpose=fields.get("purpose", "marketing"),
        text="{name}您好，券码{C1}",
        requested_at=gateway.app.db.clock.now(),
        until=fields.get("until"),
    )


async def lives(inner: Inner, gateway: Gateway, member: UUID, **other: Any) -> None:
    """identity knows the member: name, an old number bound to itself, a newer one."""
    vault = gateway.parts.vault
    await vault.ready([member], create=True)
    phones = [
        {"kind": "phone", "value": token, "linked_at": f"2017-01-0{n}T00:00:00Z", "source": "x"}
        for n, token in enumerate(
            (vault.seal(Kind.PHONE, "13800138001", None, place=IDENTIFIERS),
             vault.seal(Kind.PHONE, "13800138002", member, place=IDENTIFIERS)), 1)
    ]  # fmt: skip
    known = {vault.index(Kind.PHONE, each): member for each in ("13800138001", "13800138002")}
    inner.replies["POST /internal/resolve"] = lambda seen: (
        200, {"members": {i: str(known[i]) for i in seen.json["indexes"] if i in known}},
    )  # fmt: skip
    inner.replies[f"GET /v1/members/{member}/stored-value"] = 200, {"data": []}
    inner.replies[f"GET /internal/members/{member}"] = 200, {
        "member_id": str(member), "absorbed": [], "language": "zh",
        "name": vault.seal(Kind.NAME, "张三", member, place="member.name"),
        "identifiers": phones, **other,
    }  # fmt: skip


async def test_a_message_leaves_once_and_is_sealed_at_rest(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await agree(gateway, MEMBER)
    request = wish(gateway)
    await tell(gateway, request, request)
    page = await outbox(gateway)
    (message,) = page["data"]
    assert message["to"] == "+8613800138002" and message["text"].startswith(
        "张三您好，券码{C1} 退订：https://"
    )
    assert message["delivery_id"] == str(request.delivery_id)
    assert {(s.delivery_id, s.status) for s in await sent(gateway)} == {
        (request.delivery_id, "sent")
    }
    async with gateway.app.db.transaction() as tx:
        row = await tx.fetchrow("SELECT recipient, text FROM sandbox_outbox")
    assert row["recipient"].startswith("hy2.am1.phone.") and row["text"].startswith("hy2.am1.text.")
    assert (await outbox(gateway, f"?since={page['next_cursor']}"))["data"] == []


async def test_who_does_not_get_one(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await lives(inner, gateway, OTHER, identifiers=[])
    stranger = uuid4()
    for member in (MEMBER, OTHER, stranger):
        await agree(gateway, member)
    inner.replies[f"GET /internal/members/{stranger}"] = 404, {}
    wishes = [
        wish(gateway, channel="pigeon"), wish(gateway, OTHER), wish(gateway, stranger),
        wish(gateway),
    ]  # fmt: skip
    await tell(gateway, *wishes)
    told = {one.delivery_id: (one.status, one.reason) for one in await sent(gateway)}
    assert [told[each.delivery_id] for each in wishes] == [
        ("refused", "no_channel"), ("refused", "no_address"), ("refused", "no_member"),
        ("sent", None),
    ]  # fmt: skip


async def test_without_a_yes_there_is_no_marketing(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)

    async def told(**fields: Any) -> tuple[str, str | None]:
        request = wish(gateway, **fields)
        await tell(gateway, request)
        found = {one.delivery_id: one for one in await sent(gateway)}[request.delivery_id]
        return found.status, found.reason

    assert await told() == ("refused", "no_consent")
    assert await told(purpose="transactional") == ("sent", None)
    assert await told(purpose="made_up") == ("refused", "no_consent")
    await agree(gateway, MEMBER)
    assert await told() == ("sent", None)
    await agree(gateway, MEMBER, granted=False)
    assert await told() == ("refused", "no_consent")
    assert await told(purpose="transactional") == ("sent", None)


async def test_nothing_goes_to_a_suppressed_address(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await agree(gateway, MEMBER)
    officer = await gateway.as_(Role.COMPLIANCE)

    async def change(method: str, status: int, **fields: str) -> Any:
        body = {"kind": "phone", "value": "138 0013 8002", "reason": "complaint", **fields}
        path = "/v1/suppressions"
        answer = await gateway.http.request(method, path, json=body, headers=officer)
        assert answer.status_code == status, answer.text
        assert "1380013" not in answer.text
        return answer

    async def told(purpose: str) -> str | None:
        request = wish(gateway, purpose=purpose)
        await tell(gateway, request)
        return {one.delivery_id: one.reason for one in await sent(gateway)}[request.delivery_id]

    first, again = await change("POST", 201), await change("POST", 201)
    assert first.json() == again.json() and first.json()["by_role"] == "compliance"
    await change("POST", 201, reason="legal")
    assert (await told("marketing"), await told("transactional")) == ("suppressed", None)
    await change("DELETE", 204)  # the other reason goes on
    assert await told("marketing") == "suppressed"
    await change("DELETE", 204, reason="legal")
    assert await told("marketing") is None
    await change("DELETE", 404)
    await change("POST", 422, value="no number")
    await change("POST", 201, scope="sms", reason="bounce")  # nothing at all by this channel
    assert (await told("marketing"), await told("transactional")) == ("suppressed", "suppressed")
    await change("POST", 201, value="13800138001")  # an older number of the member's: not used
    assert [
        (one.member_id, one.kind, one.scope, one.listed)
        for one in await told_of(gateway, SuppressionChanged)
    ] == [
        *[(MEMBER, "phone", "marketing", True)] * 3,  # each reason; the list had it already
        (MEMBER, "phone", "marketing", False),  # when the last of them was lifted
        (MEMBER, "phone", "sms", True),
    ]


async def test_the_list_shows_no_address_and_survives_erasure(
    gateway: Gateway, inner: Inner
) -> None:
    await lives(inner, gateway, MEMBER)
    operator = await gateway.as_(Role.OPERATOR)
    for reason in ("complaint", "legal"):
        body = {"kind": "phone", "value": "13800138002", "reason": reason}
        made = await gateway.http.post("/v1/suppressions", json=body, headers=operator)
        assert made.status_code == 201
    own = await gateway.as_(Role.MEMBER, MEMBER)
    path = f"/v1/members/{MEMBER}/rights-requests"
    erased = await gateway.http.post(path, json={"kind": "erase"}, headers=own)
    assert erased.status_code == 201
    page = (await gateway.http.get("/v1/suppressions?limit=1", headers=operator)).json()
    rest = await gateway.http.get(
        f"/v1/suppressions?cursor={page['next_cursor']}", headers=operator
    )
    rows = [*page["data"], *rest.json()["data"]]
    assert [row["reason"] for row in rows] == ["legal", "complaint"]
    assert all(row["kind"] == "phone" and "1380013" not in str(row) for row in rows)
    for role in (Role.SERVICE_AGENT, Role.PLANNER, Role.POS):
        refused = await gateway.http.get("/v1/suppressions", headers=await gateway.as_(role))
        assert refused.status_code == 403
    again = UUID(int=13)  # somebody registers with that number
    await lives(inner, gateway, again)
    await agree(gateway, again)
    await tell(gateway, wish(gateway, again))
    assert [one.reason for one in await sent(gateway)] == ["suppressed"]
    async with gateway.app.db.transaction(readonly=True) as tx:
        bodies = [row["body"] for row in await tx.fetch("SELECT body FROM audit_entry")]
    assert sum('"suppress marketing' in body for body in bodies) == 2
    assert not any("1380013" in body for body in bodies)


async def test_a_child_is_written_to_with_the_guardians_consent(
    gateway: Gateway, inner: Inner
) -> None:
    await lives(inner, gateway, MEMBER)
    await agree(gateway, MEMBER)
    async with gateway.app.db.transaction() as tx:
        await relations.put_children(tx, {MEMBER: date(2999, 1, 1)})
    await tell(gateway, wish(gateway))
    assert [(one.status, one.reason) for one in await sent(gateway)] == [("refused", "no_guardian")]
    done = await gateway.http.put(
        f"/v1/members/{MEMBER}/consents",
        json={"consents": [{"purpose": "guardian", "granted": True}]},
        headers=await gateway.as_(Role.SERVICE_AGENT),
    )
    assert done.status_code == 200
    await tell(gateway, wish(gateway))
    assert [one.status for one in await sent(gateway)] == ["refused", "sent"]


async def test_whose_address_was_opened_is_in_the_audit(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await agree(gateway, MEMBER)
    await tell(gateway, wish(gateway))
    async with gateway.app.db.transaction(readonly=True) as tx:
        bodies = [row["body"] for row in await tx.fetch("SELECT body FROM audit_entry")]
    (entry,) = [msgspec.json.decode(body) for body in bodies if '"egress sms"' in body]
    assert entry["fields"] == ["phone"] and len(entry["members"]) == 1
    assert not any("13800138" in body or "张三" in body for body in bodies)


async def test_while_identity_is_away_messages_wait(gateway: Gateway, inner: Inner) -> None:
    path = f"GET /internal/members/{MEMBER}"
    inner.replies[path] = 503, {}
    await agree(gateway, MEMBER)
    runtime = gateway.app.app.state.runtime
    event = wish(gateway)
    await runtime.bus.publish(event.subject, "wish", msgspec.json.encode(event))
    await eventually(lambda: [seen for seen in inner.seen if seen.path.startswith("/internal/m")])
    assert await sent(gateway) == []
    await lives(inner, gateway, MEMBER)

    async def one() -> bool:
        return len(await sent(gateway)) == 1

    await eventually(one)


def test_rules() -> None:
    assert needs("marketing", "sms") == ("marketing", "sms")
    assert needs("transactional", "sms") is None
    assert needs("anything", "sms") == ("anything", "sms")
    assert rendered("{name}，{code}", "张三", None, "zh") == "张三，{code}"
    assert rendered("{name}，", None, None, "zh") == "会员，"
    assert rendered("{name}!", "{unsubscribe}", "L", "en") == "{unsubscribe}! Unsubscribe: L"
    assert rendered("a {unsubscribe} b", None, "L", "zh") == "a L b"
