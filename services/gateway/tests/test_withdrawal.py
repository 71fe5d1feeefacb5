"""From the answer to a withdrawal on nothing leaves, and nobody concludes, at any gateway."""

from collections.abc import Awaitable, Callable
from time import monotonic
from uuid import UUID, uuid4

import msgspec
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_consents import PERSONAL, SMS, no, put, yes
from services.gateway.tests.test_egress import lives, sent, wish

from contracts.events import MessageRequested, MessageSent
from contracts.roles import Role
from testkit import eventually
from testkit.never_wrong import Tally

MEMBER, OTHER = UUID(int=11), UUID(int=12)
LEAVES = "no message leaves once its consent was withdrawn"
Start = Callable[..., Awaitable[Gateway]]


async def queue(gateway: Gateway, messages: list[MessageRequested]) -> None:
    """Put messages on the bus, and do not wait."""
    bus = gateway.app.app.state.runtime.bus
    await bus.publish_all(
        [(each.subject, str(uuid4()), msgspec.json.encode(each), {}) for each in messages]
    )


async def answered(gateway: Gateway, count: int) -> dict[UUID, MessageSent]:
    """What became of the messages, once all have an answer."""

    async def all_of_them() -> bool:
        return len(await sent(gateway)) >= count

    await eventually(all_of_them, timeout=60)
    return {each.delivery_id: each for each in await sent(gateway)}


async def held(gateway: Gateway, member: UUID) -> int:
    """How many messages of a member the provider has got."""
    async with gateway.app.db.transaction(readonly=True) as tx:
        query = "SELECT count(*) FROM sandbox_outbox WHERE member_id = $1"
        return int(await tx.fetchval(query, member))


async def test_what_waits_for_identity_does_not_leave_and_holds_up_no_withdrawal(
    gateway: Gateway, inner: Inner
) -> None:
    for member in (MEMBER, OTHER):
        await put(gateway, member, yes(SMS))
        await lives(inner, gateway, member)
    path = f"/internal/members/{MEMBER}"
    inner.replies[f"GET {path}"] = 503, {}
    mine = [wish(gateway) for _ in range(300)]
    theirs = [wish(gateway, OTHER) for _ in range(20)]
    await queue(gateway, mine + theirs)
    await eventually(lambda: [seen for seen in inner.seen if seen.path == path])
    began = monotonic()
    assert (await put(gateway, MEMBER, no(SMS))).status_code == 200
    withdrawn = monotonic()
    await lives(inner, gateway, MEMBER)
    told = await answered(gateway, 320)
    with Tally() as tally:
        tally.add(LEAVES, 300, sum(told[each.delivery_id].status == "sent" for each in mine))
    assert {told[each.delivery_id].reason for each in mine} == {"no_consent"}
    assert {told[each.delivery_id].status for each in theirs} == {"sent"}
    seconds = monotonic() - withdrawn
    print(
        f"\n300 messages waited in egress: withdrawn in {withdrawn - began:.2f} s, refused"
        f" {seconds:.2f} s later"
    )
    assert withdrawn - began <= 5 and seconds <= 60


async def test_in_the_middle_of_sending(gateway: Gateway, inner: Inner) -> None:
    await put(gateway, MEMBER, yes(SMS))
    await lives(inner, gateway, MEMBER)
    messages = [wish(gateway) for _ in range(2_000)]
    await queue(gateway, messages)

    async def begun() -> bool:
        return await held(gateway, MEMBER) > 0

    await eventually(begun)
    began = monotonic()
    assert (await put(gateway, MEMBER, no(SMS))).status_code == 200
    seconds, left = monotonic() - began, await held(gateway, MEMBER)
    told = await answered(gateway, len(messages))
    refused = [each for each in told.values() if each.reason == "no_consent"]
    with Tally() as tally:
        tally.add(LEAVES, len(refused), await held(gateway, MEMBER) - left)
    print(f"\nwithdrawn in {seconds:.2f} s while sending: {left} had left, {len(refused)} did not")
    assert seconds <= 5 and refused and left == len(messages) - len(refused)


async def test_another_gateway_stops_concluding(start_gateway: Start, inner: Inner) -> None:
    first = await start_gateway()
    second = await start_gateway(SEED="second")
    path = f"/v1/members/{MEMBER}/profile"
    inner.replies[f"GET {path}"] = 200, {}
    agent = await first.as_(Role.SERVICE_AGENT)
    await put(first, MEMBER, yes(PERSONAL))

    async def impersonal() -> bool:
        assert (await second.http.get(path, headers=agent)).status_code == 200
        return "x-huiyuan-impersonal" in inner.last.headers

    assert not await impersonal()
    await put(first, MEMBER, no(PERSONAL))
    began = monotonic()
    await eventually(impersonal)
    seconds = monotonic() - began
    print(f"\nanother gateway was impersonal {seconds:.2f} s after the withdrawal")
    assert seconds <= 5
