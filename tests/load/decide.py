"""`huiyuan bench decide`: a night's decisions about many members, with their messages.

The job that runs at midnight, over PostgreSQL of its own. Beside it: COPY of as many decisions and
messages into the same tables, which is the least that recording them takes.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

import asyncpg
import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.use_cases import Move, Office
from campaign_service.decisions import jobs
from campaign_service.decisions.domain import Caps, Policy, QuietHours
from campaign_service.decisions.use_cases import Desk
from campaign_service.reach.domain import BITS
from campaign_service.settings import CampaignSettings
from campaign_service.templates.limits import Sms
from chassis.clock import PROGRAM_ZONE, DrivenClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from contracts.base import Money
from contracts.campaign.offers import NoOffer
from contracts.campaign.plans import CampaignRequest, MessageText, Scenario
from tests.load.figures import Row, say, show

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))
MIDNIGHT = datetime(2026, 5, 31, 16, tzinfo=UTC)  # of the programme's day
TEXT = MessageText(
    zh="{name}，新品到店，欢迎品鉴。拒收请回复R", en="{name}, new goods. Reply R to opt out"
)
_DECISION = (
    "campaign_id, member_id, original_member_id, lapse, decided_at, outcome, delivery_id, arm,"
    " eligible, channel, verdict_set, step"
)
_DELIVERY = (
    "delivery_id, campaign_id, member_id, original_member_id, language, channel, status, day,"
    " due_at, cost_fen, step, values, purpose, change"
)


def main(json_file: Path | None) -> int:
    """Boot, fill, decide, copy, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show(f"decide, {MEMBERS:,} members", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    db = None
    try:
        await migrate("campaign", servers.admin_dsn, servers.role_password("campaign"))
        clock = DrivenClock(home.clock_file)
        clock.move(MIDNIGHT)
        db = Database(servers.service_dsn("campaign"), "campaign", clock, Ids(clock))
        await db.start()
        await _fill(db)
        return await _figures(db, servers.admin_dsn)
    finally:
        if db is not None:
            await db.stop()
        await supervisor.stop(*servers.names)


async def _fill(db: Database) -> None:
    """Nine in ten agreed to SMS, one in fifty has no phone; the same every time."""
    say(f"{MEMBERS:,} members")
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO member (member_id, registered_at, language, orders)"
            " SELECT md5(n::text)::uuid, $2, CASE WHEN n % 9 = 0 THEN 'en' ELSE 'zh' END, 0"
            " FROM generate_series(1, $1::int) AS n",
            MEMBERS, MIDNIGHT - timedelta(days=30),
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO contactable (member_id, agreed, reach) SELECT md5(n::text)::uuid,"
            " CASE WHEN n % 10 = 0 THEN 0 ELSE $2::int END,"
            " CASE WHEN n % 50 = 1 THEN 0 ELSE $2::int END FROM generate_series(1, $1::int) AS n",
            MEMBERS, BITS["sms"],
        )  # fmt: skip
        await tx.execute("ANALYZE member, contactable")
    body = CampaignRequest(
        name="bench", scenario=Scenario.FESTIVAL, control_share=0.1, offer=NoOffer(),
        template=TEXT, budget=Money(amount=10**9),
    )  # fmt: skip
    office = Office(100)
    async with db.transaction() as tx:
        campaign_id = (await campaigns.plan(tx, office, "ann", body)).campaign_id
    for action, actor in (
        (Action.SUBMIT, "ann"), (Action.APPROVE, "bob"), (Action.LAUNCH, "ann"),
    ):  # fmt: skip
        async with db.transaction() as tx:
            await campaigns.advance(tx, office, campaign_id, Move(action, actor))


async def _figures(db: Database, admin_dsn: str) -> list[Row]:
    say("a midnight")
    its = CampaignSettings()
    quiet = QuietHours(its.quiet_from, its.quiet_until, PROGRAM_ZONE)
    caps = Caps(its.messages_a_day, its.messages_a_week)
    sms = Sms({"zh": its.sms_signature_zh, "en": its.sms_signature_en}, its.sms_link_length)
    (job,) = jobs.jobs(Desk(Policy(quiet, {"sms": its.message_cost_fen}, caps), sms))
    cpu, begun = process_time(), perf_counter()
    await job.run(db, MIDNIGHT)
    took, cpu = perf_counter() - begun, process_time() - cpu
    async with db.transaction(readonly=True) as tx:
        decided = await tx.fetchval("SELECT count(*) FROM contact_decision")
        held = await tx.fetchval("SELECT count(*) FROM delivery")
        sets = await tx.fetchval("SELECT count(*) FROM verdict_set")
        size = await tx.fetchval(
            "SELECT pg_relation_size('contact_decision') + pg_relation_size('verdict_set')"
        )
    say("the same rows by COPY")
    copied = await _copied(db, admin_dsn)
    return [
        Row("seconds", took, "copy_seconds", copied, "≤ 60 a million", "to_copy"),
        Row("seconds_a_million", took / MEMBERS * 1e6, target="≤ 60"),
        Row("cpu_seconds", cpu),
        Row("decisions", decided),
        Row("messages", held),
        Row("verdict_sets", sets),
        Row("bytes_a_decision", size / max(decided, 1)),
    ]


async def _copied(db: Database, admin_dsn: str) -> float:
    """Seconds that the same decisions and messages take, into the same tables emptied before."""
    async with db.transaction(readonly=True) as tx:
        decisions = await tx.fetch(f"SELECT {_DECISION} FROM contact_decision")
        messages = await tx.fetch(f"SELECT {_DELIVERY} FROM delivery")
    admin = await asyncpg.connect(admin_dsn)  # the service may not
    await admin.execute("TRUNCATE campaign.contact_decision, campaign.delivery")
    await admin.close()
    begun = perf_counter()
    async with db.transaction() as tx:
        await tx.copy("contact_decision", _DECISION.split(", "), decisions)
        await tx.copy("delivery", _DELIVERY.split(", "), messages)
    return perf_counter() - begun


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
