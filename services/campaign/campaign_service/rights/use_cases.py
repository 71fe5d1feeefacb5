"""Follow what members answer."""

from collections.abc import Sequence

from campaign_service.audiences import repository as audiences
from campaign_service.rights import repository
from campaign_service.triggers import repository as triggers
from chassis.database import Tx
from contracts.gateway_events import ConsentChanged


async def changed(tx: Tx, events: Sequence[ConsentChanged]) -> None:
    """A no stops messages that wait; a no to recommendations, what waits for behaviour; a yes to
    them ends an objection."""
    answers = [answer for event in events for answer in event.answers]
    noes = [
        (answer.member_id, answer.channel)
        for answer in answers
        if answer.purpose == "marketing" and answer.channel and not answer.granted
    ]
    personal = [each for each in answers if each.purpose == "personalised_recommendation"]
    yeses = [answer.member_id for answer in personal if answer.granted]
    if unwatched := [answer.member_id for answer in personal if not answer.granted]:
        await triggers.forget_behaviour(tx, unwatched)
    if noes:
        await audiences.lock(tx)
        await repository.withdraw(tx, noes)
    if yeses:
        await repository.agree_again(tx, yeses)
