"""Members by the last four characters of a number, and something else that is known of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen

from contracts.classification import Kind
from contracts.events import IdentifierLinked
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.rights.repository import forget
from gateway_service.tails import domain as tails
from gateway_service.vault.index import last_four

AT = datetime(2026, 1, 5, tzinfo=UTC)
ENDING = "5678"
Start = Callable[..., Awaitable[Gateway]]


class People:
    """identity as far as it is asked, with members that the gateway has been told of."""

    def __init__(self, gateway: Gateway, inner: Inner) -> None:
        self.gateway, self._inner, self.owners = gateway, inner, dict[str, str]()
        inner.replies["POST /internal/resolve"] = self._resolve

    def _resolve(self, seen: Seen) -> tuple[int, Any]:
        wanted = seen.json["indexes"]
        return 200, {"members": {each: self.owners[each] for each in wanted if each in self.owners}}

    async def join(self, name: str, phone: str, store: str = "", **more: str) -> UUID:
        """A member whose identifiers are told; `card_no="…"` is one more."""
        gateway, member = self.gateway, uuid4()
        vault = gateway.parts.vault
        await vault.ready([member], create=True)
        rows = [(Kind.PHONE, phone), *((Kind(kind), value) for kind, value in more.items())]
        told, identifiers = [], []
        for kind, value in rows:
            token = vault.seal(kind, value, member, place="identifier.value")
            index = Sealed.parse(token).index
            self.owners[index] = str(member)
            told.append(IdentifierLinked(member, kind, index, AT, "registration", token))
            identifiers.append(
                {"kind": kind, "value": token, "linked_at": AT, "source": "registration"}
            )
        self._inner.replies[f"GET /internal/members/{member}"] = 200, {
            "member_id": member, "absorbed": [], "language": "zh", "identifiers": identifiers,
            "name": vault.seal(Kind.NAME, name, member, place="member.name"),
        }  # fmt: skip
        async with gateway.app.db.transaction() as tx:
            await gateway.parts.forward.tails.learn(tx, told * 2)
            if store:
                await gateway.parts.relations.joined(tx, [(member, store)])
        return member


async def ask(
    gateway: Gateway, role: Role, works_in: str = "", purpose: str = "", **body: Any
) -> tuple[int, Any]:
    token = await gateway.token(role, None, **({"store": works_in} if works_in else {}))
    headers = {"Authorization": f"Bearer {token}"} | ({"Purpose": purpose} if purpose else {})
    headers |= {"Ticket": "T-1"} if purpose else {}
    body = {"kind": "phone", "last4": ENDING} | body
    answer = await gateway.http.post("/v1/members/lookup", json=body, headers=headers)
    return answer.status_code, answer.json()


def ids(answer: tuple[int, Any]) -> set[UUID]:
    assert answer[0] == 200, answer
    return {UUID(each["member_id"]) for each in answer[1]["candidates"]}


async def test_candidates_by_last_four_and_name_or_store(gateway: Gateway, inner: Inner) -> None:
    people = People(gateway, inner)
    zhang = await people.join("张三丰", "13800135678", "s-1", card_no="86170001-9999")
    wang = await people.join("王小明", "13900135678", "s-2")
    await people.join("张三丰", "13800131111", "s-1", email="a5678@x.cn")
    found = await ask(gateway, Role.SERVICE_AGENT, name=" 张三丰 ", purpose="service")
    assert ids(found) == {zhang} and found[1]["more"] is False and found[1]["member_id"] is None
    (shown,) = found[1]["candidates"]
    assert shown["name"] == "张**"  # in outline, whatever the purpose
    assert [each["value"] for each in shown["identifiers"]] == ["138****5678"]
    assert ids(await ask(gateway, Role.SERVICE_AGENT, store="s-2")) == {wang}
    assert ids(await ask(gateway, Role.SERVICE_AGENT, store="s-2", name="张三丰")) == set()
    assert ids(await ask(gateway, Role.SERVICE_AGENT, name="李四")) == set()
    card = await ask(gateway, Role.POS, "s-1", kind="card_no", last4="9999")
    assert ids(card) == {zhang}
    assert ids(await ask(gateway, Role.POS, "s-2")) == {wang}
    assert ids(await ask(gateway, Role.POS, "s-1", kind="card_no")) == set()  # kinds apart


async def test_who_may_not_and_what_is_no_question(gateway: Gateway, inner: Inner) -> None:
    people = People(gateway, inner)
    member = await people.join("张三丰", "13800135678", "s-1")
    own = await gateway.as_(Role.MEMBER, member)
    partner = await gateway.as_(Role.PARTNER)
    body = {"kind": "phone", "last4": ENDING, "name": "张三丰"}
    others = [await gateway.as_(role) for role in (Role.ANALYST, Role.COMPLIANCE)]
    for headers in (own, partner, *others):
        answer = await gateway.http.post("/v1/members/lookup", json=body, headers=headers)
        assert answer.status_code == 403
    asked = len([each for each in inner.seen if each.path.startswith("/internal/")])
    assert (await ask(gateway, Role.SERVICE_AGENT))[1]["code"] == "name_or_store"
    headers = {"Authorization": f"Bearer {await gateway.token(Role.POS, None, store='s-2')}"}
    answer = await gateway.http.post(
        "/v1/members/lookup", json=body | {"store": "s-1"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_store")
    for wrong in (
        {"last4": "567"}, {"last4": "56789"}, {"value": "13800135678"}, {"kind": "email"},
        {"last4": None}, {"name": ""},
    ):  # fmt: skip
        status, said = await ask(gateway, Role.SERVICE_AGENT, **{"name": "张三丰"} | wrong)
        assert status == 422 and "张三丰" not in str(said), wrong
    assert asked == len([each for each in inner.seen if each.path.startswith("/internal/")])


async def test_every_question_is_a_guess_and_in_the_audit(
    start_gateway: Start, inner: Inner
) -> None:
    gateway = await start_gateway(GUESSES_PER_HOUR="3")
    member = await People(gateway, inner).join("张三丰", "13800135678")
    tries = [await ask(gateway, Role.SERVICE_AGENT, name="张三丰") for _ in range(2)]
    tries += [await ask(gateway, Role.SERVICE_AGENT, name="王小明") for _ in range(2)]
    assert [status for status, _ in tries] == [200, 200, 200, 429]
    headers = await gateway.as_(Role.COMPLIANCE)
    page = (await gateway.http.get("/v1/audit?action=lookup", headers=headers)).json()["data"]
    mine = [str(gateway.parts.audit.pseudonym(member))]
    done = [each for each in page if each["decision"] == "done"]
    assert [each["members"] for each in done] == [[], mine, mine] and len(page) == len(done) + 1
    assert all(each["fields"] == ["last4", "phone"] for each in done)
    random = {"id", "at", "members", "subject", "trace_id"}  # may have any digits by chance
    said = str([{name: each[name] for name in each if name not in random} for each in page])
    assert ENDING not in said and "张三丰" not in said


async def test_who_was_erased_or_unlinked_is_no_candidate(gateway: Gateway, inner: Inner) -> None:
    people = People(gateway, inner)
    gone = await people.join("张三丰", "13800135678", "s-1", card_no="86170001-9999")
    unlinked = await people.join("张三丰", "13900135678", "s-1")
    kept = await people.join("张三丰", "13700135678", "s-1")
    assert ids(await ask(gateway, Role.POS, "s-1")) == {gone, unlinked, kept}
    people.owners = {index: who for index, who in people.owners.items() if who != str(unlinked)}
    assert ids(await ask(gateway, Role.POS, "s-1")) == {gone, kept}
    late = [
        IdentifierLinked(gone, Kind.PHONE, index, AT, "registration", each["value"])
        for each in inner.replies[f"GET /internal/members/{gone}"][1]["identifiers"]  # type: ignore[index]
        if (index := Sealed.parse(each["value"]).index)
    ]
    async with gateway.app.db.transaction() as tx:
        await gateway.parts.vault.erase(tx, [gone])
        await forget(tx, [gone])
    async with gateway.app.db.transaction() as tx:
        await gateway.parts.forward.tails.learn(tx, late)  # redelivered
        rows = await tx.fetch("SELECT member_id, tail FROM identifier_tail")
    assert {row["member_id"] for row in rows} == {unlinked, kept}
    assert len({row["tail"] for row in rows}) == 1
    assert ids(await ask(gateway, Role.POS, "s-1")) == {kept}


async def test_a_page_of_them_and_a_question_that_is_too_wide(
    gateway: Gateway, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(gateway, inner)
    for n in range(tails.PAGE + 1):
        await people.join("张三丰", f"138{n:04}5678", "s-1")
    for body in ({"name": "张三丰"}, {}):
        status, said = await ask(gateway, Role.SERVICE_AGENT, "s-1", **body)
        assert status == 200 and said["more"] and len(said["candidates"]) == tails.PAGE
    monkeypatch.setattr("gateway_service.tails.use_cases.MOST", tails.PAGE)
    status, said = await ask(gateway, Role.SERVICE_AGENT, name="张三丰")
    assert (status, said["code"]) == (422, "too_many_candidates")


def test_last_four_of_what_is_long_enough() -> None:
    assert last_four("+8613800135678") == "5678"
    assert last_four("86-17 00ab") == "00AB" and last_four("A-1234") is None
