"""On every tick, invitations that are due leave."""

from datetime import datetime

from campaign_service.surveys import use_cases
from campaign_service.surveys.use_cases import Post
from chassis.database import Database
from chassis.jobs import TimedJob

CHUNK = 500  # invitations a transaction


def jobs(post: Post) -> list[TimedJob]:
    """Sending, outside quiet hours."""

    async def send(db: Database, now: datetime) -> None:
        more = True
        while more:
            async with db.transaction() as tx:
                more = await use_cases.send(tx, post, now, CHUNK)

    return [TimedJob("surveys", send)]
