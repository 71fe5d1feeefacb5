"""How long keys live: in memory, past a rotation, through a merge and a split."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_egress import tell

from chassis.bus import ACTIVITY_SECONDS
from contracts.classification import Kind
from contracts.events import MembersMerged, MembersSplit
from contracts.gateway.keys import RotateKeys
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.settings import Settings
from gateway_service.vault import keeper, repository
from gateway_service.vault.ring import Erased
from testkit import eventually, together

AT = "member.name"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
SURVIVOR, ABSORBED = UUID(int=5), UUID(int=6)
Start = Callable[..., Awaitable[Gateway]]


def test_no_key_is_in_memory_for_more_than_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYUAN_KEY_CACHE_SECONDS", "300")
    assert Settings().key_cache_seconds == 300
    assert keeper.REFRESH_SECONDS < 300  # and who was erased is heard of earlier than that
    for seconds in ("300.1", "86400", "0", "inf"):
        monkeypatch.setenv("HUIYUAN_KEY_CACHE_SECONDS", seconds)
        with pytest.raises(ValidationError):
            Settings()


def test_a_replaced_key_outlives_what_the_bus_still_has_to_deliver() -> None:
    assert Settings().key_keep_seconds > ACTIVITY_SECONDS


def opened(gateway: Gateway, token: str, *members: UUID) -> str:
    """As an answer about a member and who was merged into it opens it."""
    mine = {member.bytes for member in members}
    return gateway.parts.vault.open(Sealed.parse(token), mine, place=AT)


async def keys(gateway: Gateway) -> set[repository.Wrapped]:
    async with gateway.app.db.transaction(readonly=True) as tx:
        return set(await repository.data_keys(tx, [SURVIVOR, ABSORBED]))


async def merged(gateway: Gateway) -> None:
    """identity tells of it."""
    await tell(gateway, MembersMerged(UUID(int=1), SURVIVOR, ABSORBED, NOW, "same_person"))


async def split(gateway: Gateway) -> None:
    """identity tells that the absorbed id answers for itself again."""
    told = MembersSplit(UUID(int=1), SURVIVOR, ABSORBED, [], [], [], NOW, NOW)
    await tell(gateway, told)


async def test_a_merge_moves_no_key_and_a_split_leaves_each_its_own(
    gateway: Gateway, start_gateway: Start
) -> None:
    vault = gateway.parts.vault
    await vault.ready([SURVIVOR, ABSORBED], create=True)
    mine = vault.seal(Kind.NAME, "张三丰", SURVIVOR, place=AT)
    theirs = vault.seal(Kind.NAME, "王小明", ABSORBED, place=AT)
    before = await keys(gateway)
    await merged(gateway)
    assert await keys(gateway) == before and len(before) == 2
    for each in (gateway, await start_gateway()):  # the second one knows only what is stored
        await each.parts.vault.ready_for(mine, theirs)
        assert opened(each, mine, SURVIVOR, ABSORBED) == "张三丰"
        assert opened(each, theirs, SURVIVOR, ABSORBED) == "王小明"  # every key reachable
    async with gateway.app.db.transaction() as tx:  # one rotation for both
        wish = RotateKeys(scope="member", member_id=SURVIVOR)
        await gateway.parts.rotations.begin(tx, wish)
    await vault.ready_for(theirs)
    newer = vault.reseal(Sealed.parse(theirs), place=AT)
    assert newer.startswith("hy2.am2.") and len(await keys(gateway)) == 4
    await split(gateway)
    assert {key.owner for key in await keys(gateway)} == {SURVIVOR, ABSORBED}
    assert opened(gateway, newer, ABSORBED) == opened(gateway, theirs, ABSORBED) == "王小明"
    assert opened(gateway, mine, SURVIVOR) == "张三丰"


@pytest.mark.parametrize("gone", [SURVIVOR, ABSORBED])
async def test_after_a_split_erasing_one_leaves_the_other_readable(
    gateway: Gateway, start_gateway: Start, gone: UUID
) -> None:
    other, vault = await start_gateway(), gateway.parts.vault
    await vault.ready([SURVIVOR, ABSORBED], create=True)
    tokens = {
        each: vault.seal(Kind.NAME, "张三丰", each, place=AT) for each in (SURVIVOR, ABSORBED)
    }
    await other.parts.vault.ready_for(*tokens.values())
    await merged(gateway)
    await split(gateway)
    async with gateway.app.db.transaction() as tx:
        await vault.erase(tx, [gone])
    kept = SURVIVOR if gone == ABSORBED else ABSORBED
    for each in (gateway, other, await start_gateway()):
        await eventually(partial(each.parts.vault.ring.erased.__contains__, gone.bytes))
        await each.parts.vault.ready_for(*tokens.values())
        assert opened(each, tokens[kept], kept) == "张三丰"
        with pytest.raises(Erased):
            opened(each, tokens[gone], gone)
    assert {key.owner for key in await keys(gateway)} == {kept}


async def test_who_is_erased_by_another_gateway_at_this_moment_is_gone(gateway: Gateway) -> None:
    """The tombstone is there, and the news of it is still on its way: an answer, not a fault."""
    headers = await gateway.as_(Role.SERVICE_AGENT)
    card = {"kind": "card_no", "value": "A-1"}
    for member, (method, path, body) in zip(
        (SURVIVOR, ABSORBED),
        (("PATCH", "", {"name": "张三"}), ("POST", "/identifiers", card)),
        strict=True,
    ):
        async with gateway.app.db.transaction() as tx:
            await repository.bury(tx, [member.bytes])
        answer = await gateway.http.request(
            method, f"/v1/members/{member}{path}", json=body, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (410, "member_erased")
        assert not [seen for seen in gateway.inner.seen if str(member) in seen.path]


async def test_changes_and_erasures_at_once_are_answered(gateway: Gateway) -> None:
    """Members are corrected, linked, rotated and erased at the same moment; nobody gets a fault."""
    vault, db = gateway.parts.vault, gateway.app.db
    agent, admin = await gateway.as_(Role.SERVICE_AGENT), await gateway.as_(Role.ADMIN)
    gateway.inner.replies["GET /internal/sealed"] = 200, []

    async def erase(member: UUID) -> None:
        async with db.transaction() as tx:
            await vault.erase(tx, [member])

    async def call(method: str, path: str, body: Any, headers: dict[str, str]) -> int:
        answer = await gateway.http.request(method, path, json=body, headers=headers)
        return answer.status_code

    work: list[Any] = []
    for number in range(100, 130):
        member = UUID(int=number)
        path = f"/v1/members/{member}"
        wish = {"scope": "member", "member_id": str(member)}
        work += [
            call("PATCH", path, {"name": "张三"}, agent),
            call("POST", f"{path}/identifiers", {"kind": "card_no", "value": f"A-{number}"}, agent),
            call("POST", "/v1/keys/rotate", wish, admin),
            erase(member),
            call("PATCH", path, {"name": "李四"}, agent),
        ]
    statuses = {status for status in await together(work) if status is not None}
    assert statuses <= {200, 202, 409, 410}, statuses
