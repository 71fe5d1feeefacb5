"""What became of messages: receipts come late, twice and in any sequence."""

from datetime import datetime
from itertools import permutations
from uuid import UUID

from services.campaign.tests.world import QUIET, World, at

from campaign_service.deliveries import use_cases as deliveries
from contracts.events import MessageRequested, MessageSent
from contracts.gateway_events import MessageReported

NINE = at("2017-04-01 09:00")


async def asked(world: World) -> tuple[UUID, MessageRequested]:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    (message,) = await world.told(MessageRequested)
    return campaign_id, message


async def standing(world: World) -> tuple[str, str | None, datetime | None]:
    async with world.db.transaction(readonly=True) as tx:
        row = await tx.fetchrow("SELECT status, reason, sent_at FROM delivery")
    return row["status"], row["reason"], row["sent_at"]


async def test_the_best_informed_report_counts_in_whatever_sequence_they_come(world: World) -> None:
    campaign_id, message = await asked(world)
    told = [
        MessageReported(message.delivery_id, "unknown", "no_answer", NINE),
        MessageReported(message.delivery_id, "failed", "MK:0001", NINE),
        MessageReported(message.delivery_id, "delivered", None, NINE),
        MessageSent(message.delivery_id, "sent", None, NINE),
    ]
    for events in permutations(told):
        async with world.db.transaction() as tx:
            await tx.execute(
                "UPDATE delivery SET status = 'requested', reason = NULL, sent_at = NULL,"
                " reported_at = NULL"
            )
        for event in (*events, *events):
            if isinstance(event, MessageSent):
                await world.hear([event], deliveries.record_answers)
            else:
                await world.hear([event], deliveries.record_reports)
        assert await standing(world) == ("delivered", None, NINE)
    report = await world.report(campaign_id)
    assert (report.sent, report.pending, report.refused) == (1, 0, 0)


async def test_what_never_left_costs_nothing_and_what_may_have_does(world: World) -> None:
    campaign_id, message = await asked(world)
    dead = MessageReported(message.delivery_id, "failed", "gave_up", NINE)
    await world.hear([dead, dead], deliveries.record_reports)
    assert await standing(world) == ("failed", "gave_up", None)
    report = await world.report(campaign_id)
    assert (report.sent, report.refused, report.cost_fen) == (0, 1, 0)
    await world.answer()  # an operator sent it after all
    assert (await world.report(campaign_id)).sent == 1


async def test_a_message_must_have_left_when_quiet_hours_begin(world: World) -> None:
    _, message = await asked(world)
    assert message.until == at("2017-04-01 21:00")
    assert QUIET.next_closed(at("2017-04-01 22:00")) == at("2017-04-02 21:00")
