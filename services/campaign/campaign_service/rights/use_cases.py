"""Follow what members answer."""

from collections.abc import Sequence

from campaign_service.audiences import repository as audiences
from campaign_service.rights import repository
from chassis.database import Tx
from contracts.gateway_events import ConsentChanged


async def changed(tx: Tx, events: Sequence[ConsentChanged]) -> None:
    """A no stops messages that wait; a yes to recommendations ends an objection."""
    answers = [answer for event in events for answer in event.answers]
    noes = [
        (answer.member_id, answer.channel)
        for answer in answers
        if answer.purpose == "marketing" and answer.channel and not answer.granted
    ]
    yeses = [
        answer.member_id
        for answer in answers
        if answer.purpose == "personalised_recommendation" and answer.granted
    ]
    if noes:
        await audiences.lock(tx)
        await repository.withdraw(tx, noes)
    if yeses:
        await repository.agree_again(tx, yeses)
