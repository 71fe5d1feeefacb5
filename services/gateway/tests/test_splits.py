"""A merge taken back: answers, stores and ages return to whose they were."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_consents import (
    MEMBER,
    OTHER,
    PERSONAL,
    SMS,
    THIRD,
    no,
    put,
    stands,
    yes,
)
from services.gateway.tests.test_egress import tell

from contracts.events import MembersMerged, MembersSplit
from contracts.roles import Role
from gateway_service.consent import domain
from gateway_service.consent.domain import Act, Key, Link, State
from gateway_service.relations import repository as relations

LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
EMAIL = {"purpose": "marketing", "channel": "email"}


async def merge(gateway: Gateway, survivor: UUID, absorbed: UUID) -> None:
    await tell(gateway, MembersMerged(UUID(int=7), survivor, absorbed, LONG_AGO, "phone:x"))


async def split(gateway: Gateway, survivor: UUID, restored: UUID, *members: UUID) -> None:
    event = MembersSplit(UUID(int=7), survivor, restored, list(members), [], [], LONG_AGO, LONG_AGO)
    await tell(gateway, event)


async def granted(gateway: Gateway, member: UUID, what: dict[str, str]) -> bool:
    return bool((await stands(gateway, member, what))["state"] == "granted")


async def test_answers_return_and_a_no_said_meanwhile_is_said_by_both(gateway: Gateway) -> None:
    await put(gateway, MEMBER, yes(PERSONAL), yes(EMAIL))
    await put(gateway, OTHER, yes(SMS), no(PERSONAL), yes(EMAIL))
    await merge(gateway, MEMBER, OTHER)
    assert await granted(gateway, MEMBER, SMS) and not await granted(gateway, MEMBER, PERSONAL)
    await put(gateway, OTHER, no(EMAIL))  # by the old id: it is one person's word
    await split(gateway, MEMBER, OTHER)
    await split(gateway, MEMBER, OTHER)  # redelivered
    assert not await granted(gateway, MEMBER, SMS), "that yes was the other one's"
    assert await granted(gateway, MEMBER, PERSONAL), "that no was the other one's"
    assert await granted(gateway, OTHER, SMS) and not await granted(gateway, OTHER, PERSONAL)
    assert not await granted(gateway, MEMBER, EMAIL) and not await granted(gateway, OTHER, EMAIL)
    for member in (MEMBER, OTHER):
        found = await gateway.http.get(
            f"/v1/members/{member}/consents/history",
            headers=await gateway.as_(Role.MEMBER, member),
        )
        assert found.json()["intact"] and found.json()["member_id"] == str(member)


async def test_a_yes_that_came_by_two_merges_goes_when_its_giver_goes(gateway: Gateway) -> None:
    await put(gateway, THIRD, yes(SMS))
    await merge(gateway, OTHER, THIRD)
    await merge(gateway, MEMBER, OTHER)
    assert await granted(gateway, MEMBER, SMS)
    await split(gateway, MEMBER, THIRD)
    assert not await granted(gateway, MEMBER, SMS) and await granted(gateway, THIRD, SMS)
    await split(gateway, MEMBER, OTHER)
    assert not await granted(gateway, OTHER, SMS)


async def test_stores_and_ages_are_those_of_each(gateway: Gateway) -> None:
    async with gateway.app.db.transaction() as tx:
        await relations.put_stores(tx, {(MEMBER, "s1"), (OTHER, "s1"), (OTHER, "s2")})
        await relations.put_children(tx, {OTHER: date(2030, 1, 1)})
    await merge(gateway, MEMBER, OTHER)
    await split(gateway, MEMBER, OTHER)
    async with gateway.app.db.transaction() as tx:
        assert await relations.known_in(tx, "s1", [MEMBER, OTHER]) == {MEMBER, OTHER}
        assert await relations.known_in(tx, "s2", [MEMBER, OTHER]) == {OTHER}
        assert await relations.children(tx, [MEMBER, OTHER], date(2020, 1, 1)) == {OTHER}


_KEYS = st.sampled_from([Key("marketing", "sms"), Key("personalised_recommendation")])
_STATES = st.sampled_from(list(State))


@given(
    own=st.lists(st.tuples(_KEYS, _STATES), max_size=4),
    theirs=st.lists(st.tuples(_KEYS, _STATES), max_size=4),
)
def test_without_the_other_everything_is_as_if_never_merged(
    own: list[tuple[Key, State]], theirs: list[tuple[Key, State]]
) -> None:
    """Unless it was a yes that only the other one had said: that becomes a no."""

    def links(member: UUID, answers: list[tuple[Key, State]]) -> list[Link]:
        act = Act(UUID(int=1), "app", "screen", "member")
        return [
            Link(member, n, LONG_AGO + timedelta(n), key, state, 1, None, act, Role.MEMBER, "m")
            for n, (key, state) in enumerate(answers, 1)
        ]

    def last(chain: list[Link]) -> dict[Key, domain.Answer]:
        return {link.key: domain.Answer(link.state, link.notice_version, link.at) for link in chain}

    mine, others = links(MEMBER, own), links(OTHER, theirs)
    taken = domain.inherited(last(mine), last(others))
    inherited = [
        Link(
            MEMBER, len(mine) + n, LONG_AGO + timedelta(99), key, answer.state, 1, None,
            Act(UUID(int=2), "gateway", "merge", "programme"), Role.OPERATOR, "gateway", OTHER,
        )
        for n, (key, answer) in enumerate(taken.items(), 1)
    ]  # fmt: skip
    chains = {MEMBER: [*mine, *inherited], OTHER: others}
    after = {
        key: answer.state for key, answer in {
            **last(chains[MEMBER]), **domain.without(chains, MEMBER, {OTHER}),
        }.items()
    }  # fmt: skip
    for key, state in after.items():
        before = last(mine).get(key)
        assert state is (before.state if before else state)
        assert before or state is not State.GRANTED
