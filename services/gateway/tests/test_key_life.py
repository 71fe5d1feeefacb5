"""How long keys live: in memory, past a rotation, through a merge and a split."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from pydantic import ValidationError
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_egress import tell

from chassis.bus import ACTIVITY_SECONDS
from contracts.classification import Kind
from contracts.events import MembersMerged, MembersSplit
from contracts.gateway.keys import RotateKeys
from contracts.sealed import Sealed
from gateway_service.settings import Settings
from gateway_service.vault import keeper, repository
from gateway_service.vault.ring import Erased
from testkit import eventually

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
