"""Somebody with a shop's public write key, and a membership of their own, against another member.

The key ships in every app, so the attacker has it. Nothing sent with it may merge, link or take
over anybody, nor show whose an identifier is.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")


@dataclass(frozen=True)
class Stage:
    """A victim with a phone, a card and points; an attacker who is a member, too."""

    api: Api
    key: tuple[str, str]
    victim: str
    known: list[dict[str, str]]
    attacker: str
    own: dict[str, str]

    async def collect(self, *messages: dict[str, Any]) -> None:
        answer = await self.api.http.post(
            "/v1/batch", json={"batch": list(messages)}, auth=self.key
        )
        assert (answer.status_code, answer.json()) == (200, {"success": True})

    async def seen(self, member: str) -> list[Any]:
        """What a member sees of themselves, and staff of the member."""
        return [
            await self.api.ok("GET", f"/v1/members/{member}{what}", role=role, member=whose)
            for what in ("", "/identifiers", "/points")
            for role, whose in (("member", member), ("service_agent", None))
        ]


async def stage(api: Api) -> Stage:
    known = [{"kind": "phone", "value": phone()}, {"kind": "card_no", "value": f"c{unique()}"}]
    own = {"kind": "phone", "value": phone()}
    ids = [
        (await api.ok("POST", "/v1/members", registration(*which), role="pos"))["member_id"]
        for which in ([own], known)  # the attacker is the older one: merged, it would survive
    ]
    await api.ok("POST", "/v1/orders", order(known[1], 50_000), role="pos")
    admitted = await api.ok(
        "POST", "/v1/write-keys", {"name": f"app-{unique()[:8]}", "trust": "client"}, role="admin"
    )
    await api.settled()
    return Stage(api, (admitted["write_key"], ""), ids[1], known, ids[0], own)


def says(kind: str, *identifiers: dict[str, str], **more: Any) -> dict[str, Any]:
    ids = [{"id": each["value"], "type": each["kind"], "collection": "users"}
           for each in identifiers]  # fmt: skip
    return {"type": kind, "messageId": unique(), "context": {"externalIds": ids}, **more}


async def test_a_public_write_key_takes_nobody_over(api: Api) -> None:
    on = await stage(api)
    before = await on.seen(on.victim), await on.seen(on.attacker)
    fresh = {"kind": "wechat_openid", "value": f"o{unique()}"}
    account = f"u-{unique()}"
    await on.collect(
        *(says("identify", on.own, theirs) for theirs in on.known),
        *(says("identify", theirs, fresh) for theirs in on.known),
        says("identify", on.own, userId=on.victim),
        says("identify", *on.known, userId=on.attacker),
        says("identify", userId=on.attacker, traits={"phone": on.known[0]["value"]}),
        says("alias", *on.known, userId=on.attacker, previousId=account),
        says("alias", userId=on.victim, previousId=account),
        says("identify", fresh, on.own),
        says("track", on.own, event="Order Completed", properties={
            "order_id": unique(), "store_id": "367", "total": 9999,
            "products": [{"sku": "milk", "price": 9999}]}),
    )  # fmt: skip
    await api.settled()
    assert (await on.seen(on.victim), await on.seen(on.attacker)) == before
    for nobodys in (fresh, {"kind": "external", "value": account}):
        found = await api.call("POST", "/v1/members/lookup", nobodys, role="service_agent")
        assert found.status_code == 404
    reviews = (await api.ok("GET", "/v1/merge-reviews?limit=200", role="service_agent"))["data"]
    (review,) = [each for each in reviews if each["absorbed_id"] == on.victim]
    assert review["survivor_id"] == on.attacker
    assert [each["compared"] for each in review["evidence"]] == ["claim"]
    refused = await api.call("GET", "/v1/merge-reviews", role="member", member=on.attacker)
    assert refused.status_code == 403


async def test_a_public_write_key_shows_nobody(api: Api) -> None:
    """Whatever is sent with a phone that is a member's, and with one that is not: the same."""
    on = await stage(api)
    asked = {"taken": on.known[0], "free": {"kind": "phone", "value": phone()}}
    devices = {name: unique() for name in asked}
    accounts = {name: f"u-{unique()}" for name in asked}
    for name, identifier in asked.items():
        await on.collect(
            says("identify", identifier, anonymousId=devices[name]),
            says("identify", identifier, anonymousId=devices[name], userId=accounts[name]),
            says("alias", identifier, userId=accounts[name], previousId=unique()),
        )
    await api.settled()
    answers: dict[str, list[Any]] = {name: [] for name in asked}
    for name, (kind, values) in product(asked, (("device_id", devices), ("external", accounts))):
        body = {"kind": kind, "value": values[name]}
        path = f"/v1/members/{on.attacker}/identifiers"
        linked = await api.call("POST", path, body, role="member", member=on.attacker)
        answers[name].append((linked.status_code, linked.json()))
    assert answers["taken"] == answers["free"]
    assert {status for status, _ in answers["taken"]} == {201}


async def test_a_claim_of_ones_own_does_not_survive_the_owner(api: Api) -> None:
    """Who links another one's account early gets nothing when the owner comes and is merged."""
    on = await stage(api)
    account = {"kind": "external", "value": f"u-{unique()}"}
    path = f"/v1/members/{on.attacker}/identifiers"
    linked = await api.call("POST", path, account, role="member", member=on.attacker)
    assert linked.status_code == 201
    collected = await api.collect(says("identify", on.known[0], account))  # the shop's own server
    assert collected.is_success
    await api.settled()
    found = await api.ok("POST", "/v1/members/lookup", account, role="service_agent")
    assert found["member_id"] == on.victim
    own = await api.ok("GET", f"/v1/members/{on.attacker}", role="service_agent")
    assert (own["member_id"], own["absorbed"]) == (on.attacker, [])
