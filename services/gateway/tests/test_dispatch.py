"""Messages on their way to a provider that fails, hurries, forgets and repeats itself."""

from datetime import timedelta
from time import monotonic
from uuid import uuid4

import pytest
from services.gateway.tests.carrying import Post, post
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_egress import MEMBER, agree, lives, tell, wish

from contracts.roles import Role
from gateway_service.dispatch import use_cases
from gateway_service.dispatch.domain import Outcome, Receipt, Verdict
from testkit import eventually
from testkit.providers.double import CUT, UNAVAILABLE

__all__ = ["post"]
NUMBER = "13800138002"


async def test_it_leaves_once_and_what_became_of_it_is_told(post: Post) -> None:
    delivery_id = await post.send()
    await post.becomes(delivery_id, "sent")
    (sent,) = post.double.sent
    assert sent.address == NUMBER and sent.key == delivery_id.hex
    assert sent.said["content"].startswith("张三您好，券码{C1} 退订：https://")
    first = post.double.receipt(sent, delivered=False)
    late = post.double.receipt(sent, delivered=True)
    for receipt in (first, first, late, first):  # twice, better informed, out of sequence
        answer = await post.receive(*receipt)
        assert answer.status_code == 200 and answer.json() == {"code": 0, "msg": "接收成功"}
    assert await post.told() == [
        (delivery_id, "sent", None), (delivery_id, "failed", "MK:0001"),
        (delivery_id, "delivered", None),
    ]  # fmt: skip
    async with post.gateway.app.db.transaction(readonly=True) as tx:
        row = await tx.fetchrow("SELECT recipient, content FROM outgoing_message")
        bodies = [r["body"] for r in await tx.fetch("SELECT body FROM audit_entry")]
    assert row["recipient"].startswith("hy2.am1.phone.") and row["content"].startswith("hy2.am1.")
    assert any('"egress sms aliyun"' in body for body in bodies)
    assert not any(NUMBER in body or "张三" in body for body in bodies)


async def test_a_lost_answer_is_asked_after(post: Post) -> None:
    post.double.trouble.append(CUT)
    delivery_id = await post.send()
    await post.becomes(delivery_id, "asking")
    await due(post)
    await post.becomes(delivery_id, "sent")
    assert len(post.double.sent) == 1
    assert await post.told() == [(delivery_id, "sent", None)]


async def test_what_the_provider_never_got_is_sent_when_it_cannot_come_any_more(post: Post) -> None:
    post.double.trouble.append(UNAVAILABLE)
    delivery_id = await post.send()
    await post.becomes(delivery_id, "asking")
    await due(post)
    await eventually(lambda: post.double.calls >= 2)  # asked, and not there: it may yet come
    await asked_later(post)
    assert post.double.sent == []
    await due(post, "tried_at = tried_at - interval '16 minutes',")
    await post.becomes(delivery_id, "sent")
    assert [each.key for each in post.double.sent] == [delivery_id.hex]


async def test_what_cannot_be_asked_after_is_never_sent_again(post: Post) -> None:
    post.double.trouble.append(CUT)
    delivery_id = await post.send()
    await post.becomes(delivery_id, "asking")
    post.double.key_id = "other"  # it answers nothing any more
    await due(post, "tried_at = tried_at - interval '3 hours',")
    await post.becomes(delivery_id, "unknown")
    assert (await post.told())[-1] == (delivery_id, "unknown", "no_answer")
    refused = await post.operator("POST", f"/v1/dead-letters/{delivery_id}/replay")
    assert refused.status_code == 409 and refused.json()["code"] == "not_dead"
    (sent,) = post.double.sent
    await post.receive(*post.double.receipt(sent, delivered=True))  # days later
    assert (await post.told())[-1] == (delivery_id, "delivered", None)


async def test_a_receipt_may_be_there_before_the_answer(post: Post) -> None:
    carrier = post.gateway.app.app.state.dispatch.carriers["aliyun"]
    early = Receipt(delivered=True, ref="900^0")
    delivery_id = await post.send()
    await post.becomes(delivery_id, "sent")
    async with post.gateway.app.db.transaction() as tx:
        await use_cases.receive(tx, carrier, [early, early])
        await tx.execute("UPDATE outgoing_message SET state = 'sending', ref = NULL")
    assert [status for _, status, _ in await post.told()] == ["sent"]
    async with post.gateway.app.db.transaction() as tx:
        outcome = Outcome(Verdict.ACCEPTED, ref="900^0")
        await use_cases.accepted(tx, carrier, delivery_id, outcome)
    assert [status for _, status, _ in await post.told()][-1] == "delivered"


async def test_who_withdraws_while_it_waits_gets_nothing(post: Post) -> None:
    post.double.key_id = "other"  # the account is locked: everything waits
    delivery_id = await post.send()
    await eventually(lambda: post.double.calls >= 1)
    await agree(post.gateway, MEMBER, granted=False)
    await due(post)
    assert await post.becomes(delivery_id, "refused") == "no_consent"
    post.double.key_id = "ali-id"
    assert post.double.sent == [] and (await post.told())[-1][1:] == ("refused", "no_consent")


async def test_dead_letters_are_seen_and_sent_after_all(post: Post) -> None:
    post.double.key_id = "other"
    delivery_id = await post.send()
    await eventually(lambda: post.double.calls >= 1)
    async with post.gateway.app.db.transaction() as tx:  # whatever it is doing at the moment
        await tx.execute("UPDATE outgoing_message SET since = since - interval '1 day'")
    await due(post)
    assert await post.becomes(delivery_id, "dead") == "gave_up"
    page = (await post.operator("GET", "/v1/dead-letters?limit=1")).json()
    (letter,) = page["data"]
    assert letter["delivery_id"] == str(delivery_id) and letter["state"] == "dead"
    assert NUMBER not in str(page) and "张三" not in str(page)
    (sms,) = [c for c in (await post.operator("GET", "/v1/channels")).json()["data"]
              if c["channel"] == "sms"]  # fmt: skip
    assert (sms["provider"], sms["dead"], sms["unknown"]) == ("aliyun", 1, 0)
    post.double.key_id = "ali-id"
    again = await post.operator("POST", f"/v1/dead-letters/{delivery_id}/replay")
    assert again.status_code == 202
    async with post.gateway.app.db.transaction(readonly=True) as tx:
        bodies = [r["body"] for r in await tx.fetch("SELECT body FROM audit_entry")]
    assert any('"replay"' in body and '"done"' in body for body in bodies)
    await due(post)
    await post.becomes(delivery_id, "sent")
    assert len(post.double.sent) == 1
    twice = await post.operator("POST", f"/v1/dead-letters/{delivery_id}/replay")
    assert twice.status_code == 409
    assert (await post.operator("POST", f"/v1/dead-letters/{uuid4()}/replay")).status_code == 404
    planner = await post.gateway.as_(Role.PLANNER)
    assert (await post.gateway.http.get("/v1/dead-letters", headers=planner)).status_code == 403


async def test_a_provider_that_fails_is_left_alone(post: Post, inner: Inner) -> None:
    post.double.key_id = "other"
    for _ in range(8):
        await post.send(purpose="transactional")

    async def opened() -> bool:
        (sms,) = [c for c in (await post.operator("GET", "/v1/channels")).json()["data"]
                  if c["channel"] == "sms"]  # fmt: skip
        return sms["failures"] >= 5 and sms["open_until"] is not None

    await eventually(opened)
    calls = post.double.calls
    async with post.gateway.app.db.transaction() as tx:
        await tx.execute(
            "UPDATE provider_standing SET open_until = clock_timestamp() + interval '1 hour'"
        )
        await tx.execute("UPDATE outgoing_message SET next_at = clock_timestamp()")
        carrier = post.gateway.app.app.state.dispatch.carriers["aliyun"]
        assert await use_cases.claim(tx, post.gateway.app.app.state.dispatch, carrier, 8) is None
    assert post.double.calls <= calls + 1
    post.double.key_id = "ali-id"
    async with post.gateway.app.db.transaction() as tx:
        await tx.execute("UPDATE provider_standing SET open_until = clock_timestamp()")

    async def all_left() -> bool:
        await due(post)
        return len(post.double.sent) == 8

    await eventually(all_left, timeout=15)


async def test_the_providers_rate_is_kept(post: Post) -> None:
    post.double.per_second = 55  # of 50 that are set, and a tenth
    wishes = [wish(post.gateway, purpose="transactional") for _ in range(120)]
    began = monotonic()
    await tell(post.gateway, *wishes)
    await eventually(lambda: len(post.double.sent) == 120, timeout=30)
    assert post.double.too_fast == 0 and monotonic() - began > 120 / 55 - 1
    assert {each.key for each in post.double.sent} == {each.delivery_id.hex for each in wishes}


async def test_receipts_of_others_are_not_taken(post: Post) -> None:
    for path in ("/v1/receipts/aliyun/wrong", "/v1/receipts/nobody/wrong"):
        assert (await post.gateway.http.post(path, content=b"[]")).status_code == 404
    assert (await post.receive({}, b"rubbish")).status_code == 422
    unknown = b'[{"success": true, "out_id": "%s"}]' % uuid4().hex.encode()
    assert (await post.receive({}, unknown)).status_code == 200
    assert await post.told() == []


async def test_codes_to_sign_in_leave_by_the_same_way(post: Post) -> None:
    asked = await post.gateway.http.post("/v1/login/codes", json={"phone": "13900139009"})
    assert asked.status_code == 202
    await eventually(lambda: post.double.sent)
    (sent,) = post.double.sent
    assert sent.address == "13900139009" and sent.said["template"] == "SMS_3"
    assert set(sent.said) == {"template", "code"} and len(sent.said["code"]) == 6


@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=1)])
async def test_what_is_too_late_does_not_leave(post: Post, inner: Inner, late: timedelta) -> None:
    await lives(inner, post.gateway, MEMBER)
    until = post.gateway.app.db.clock.now() - late
    delivery_id = await post.send(until=until)
    assert (await post.told())[-1] == (delivery_id, "refused", "expired")
    assert post.double.sent == []


async def asked_later(post: Post) -> None:
    """The provider was asked, and is to be asked again."""

    async def so() -> bool:
        async with post.gateway.app.db.transaction(readonly=True) as tx:
            query = "SELECT bool_and(next_at > clock_timestamp()) FROM outgoing_message"
            return bool(await tx.fetchval(f"{query} WHERE state = 'asking'"))

    await eventually(so)


async def due(post: Post, also: str = "") -> None:
    """What waits does not wait any longer; `also` sets more. Locks as the gateway does."""
    async with post.gateway.app.db.transaction() as tx:
        await tx.execute("UPDATE provider_standing SET open_until = NULL, tokens = 5")
        await tx.execute(
            f"UPDATE outgoing_message SET {also} next_at = clock_timestamp()"
            " WHERE state IN ('waiting', 'asking')"
        )
