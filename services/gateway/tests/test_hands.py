"""Messages that tills and the service desk fetch, and that webhooks are told."""

from typing import Any
from uuid import UUID, uuid4

from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.receivers import Receiver, operator, receiver
from services.gateway.tests.test_egress import MEMBER, lives, sent, tell, wish
from services.gateway.tests.test_withdrawal import Start

from contracts.gateway_events import MessageReported
from contracts.roles import Role
from testkit import eventually

__all__ = ["receiver"]


async def says(gateway: Gateway, granted: bool, *keys: tuple[str, str | None]) -> None:
    """The member's answer to purposes."""
    body = {
        "consents": [
            {"purpose": purpose, "granted": granted} | ({"channel": channel} if channel else {})
            for purpose, channel in keys
        ]
    }
    heads = await gateway.as_(Role.MEMBER, MEMBER)
    put = await gateway.http.put(f"/v1/members/{MEMBER}/consents", json=body, headers=heads)
    assert put.status_code == 200, put.text


async def reported(gateway: Gateway) -> list[tuple[str, str]]:
    async with gateway.app.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT convert_from(payload, 'UTF8')::jsonb AS told FROM outbox WHERE subject = $1"
            " ORDER BY id",
            MessageReported.subject,
        )
    return [(row["told"]["status"], row["told"]["reason"]) for row in rows]


async def call(gateway: Gateway, role: Role, method: str, path: str, body: Any = None) -> Any:
    heads = await gateway.as_(role)
    return await gateway.http.request(method, path, json=body, headers=heads)


async def test_a_till_shows_what_the_member_agrees_to(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await says(gateway, True, ("personalised_recommendation", None))
    await tell(gateway, request := wish(gateway, channel="pos"))
    assert [(one.status, one.reason) for one in await sent(gateway)] == [("sent", None)]
    path = f"/v1/members/{MEMBER}/prompts"
    (prompt,) = (await call(gateway, Role.POS, "GET", path)).json()["data"]
    assert prompt["text"] == "会员您好，券码{C1}"  # no name, no link
    assert (await call(gateway, Role.PARTNER, "GET", path)).status_code == 403
    await says(gateway, False, ("personalised_recommendation", None))
    assert (await call(gateway, Role.POS, "GET", path)).json()["data"] == []
    await says(gateway, True, ("personalised_recommendation", None))
    answers = f"{path}/{request.delivery_id}/answers"
    other = f"/v1/members/{uuid4()}/prompts/{request.delivery_id}/answers"
    shown = {"outcome": "shown"}
    assert (await call(gateway, Role.POS, "POST", other, shown)).status_code == 404
    assert (await call(gateway, Role.POS, "POST", answers, shown)).status_code == 204
    assert (await call(gateway, Role.POS, "POST", answers, shown)).status_code == 404
    assert (await call(gateway, Role.POS, "GET", path)).json()["data"] == []
    assert await reported(gateway) == [("delivered", "shown")]


async def test_a_call_is_made_by_one(gateway: Gateway, inner: Inner) -> None:
    await lives(inner, gateway, MEMBER)
    await says(gateway, True, ("marketing", "call"))
    first, second = wish(gateway, channel="call"), wish(gateway, channel="call")
    await tell(gateway, first, second)
    listed = (await call(gateway, Role.SERVICE_AGENT, "GET", "/v1/call-tasks")).json()["data"]
    assert {each["delivery_id"] for each in listed} == {
        str(first.delivery_id), str(second.delivery_id)
    }  # fmt: skip
    assert listed[0]["member_id"] == str(MEMBER) and "138" not in str(listed)
    path = f"/v1/call-tasks/{first.delivery_id}"
    close = {"outcome": "no_answer"}
    assert (await call(gateway, Role.SERVICE_AGENT, "POST", f"{path}/close", close)).json()[
        "code"
    ] == "not_taken"
    taken = await call(gateway, Role.SERVICE_AGENT, "POST", f"{path}/claim")
    assert taken.status_code == 200 and taken.json()["taken"] is True
    async with gateway.app.db.transaction() as tx:
        await tx.execute("UPDATE outgoing_message SET taken_by = 'another' WHERE taken_by <> ''")
    assert (await call(gateway, Role.SERVICE_AGENT, "POST", f"{path}/claim")).status_code == 409
    left = (await call(gateway, Role.SERVICE_AGENT, "GET", "/v1/call-tasks")).json()["data"]
    assert [each["delivery_id"] for each in left] == [str(second.delivery_id)]
    path = f"/v1/call-tasks/{second.delivery_id}"
    await call(gateway, Role.SERVICE_AGENT, "POST", f"{path}/claim")
    done = await call(gateway, Role.SERVICE_AGENT, "POST", f"{path}/close", close)
    assert done.status_code == 204 and await reported(gateway) == [("failed", "no_answer")]
    await says(gateway, False, ("marketing", "call"))
    again = await call(gateway, Role.SERVICE_AGENT, "GET", "/v1/call-tasks")
    assert again.json()["data"] == []
    unknown = f"/v1/call-tasks/{UUID(int=9)}/claim"
    assert (await call(gateway, Role.SERVICE_AGENT, "POST", unknown)).status_code == 404


async def test_webhooks_are_told_a_message_without_a_name(
    start_gateway: Start, inner: Inner, receiver: Receiver
) -> None:
    gateway = await start_gateway(WEBHOOK_LOOPBACK="true")
    await lives(inner, gateway, MEMBER)
    keeper = await operator(gateway)
    await keeper.register(receiver.url, "member.message")
    await says(gateway, True, ("third_party_sharing", None))
    request = wish(gateway, channel="webhook")
    await tell(gateway, request, request)
    await receiver.has(1)
    (told,) = receiver.told
    assert told["type"] == "member.message" and told["data"]["text"] == "会员您好，券码{C1}"
    assert told["data"]["delivery_id"] == str(request.delivery_id)
    assert told["data"]["member"] != str(MEMBER) and "张三" not in str(told)
    await says(gateway, False, ("third_party_sharing", None))
    await tell(gateway, wish(gateway, channel="webhook"))
    await eventually(lambda: len(receiver.got) == 1)
    assert [one.reason for one in await sent(gateway)] == [None, None, "no_consent"]
