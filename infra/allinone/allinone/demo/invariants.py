"""What must never happen in a campaign, counted over everything that left the platform.

What left is what the gateway's outbox told while the year was played, not what campaign believes;
members are those they were at that moment, before later merges. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from allinone.demo.progress import Left

_ZONE = "Asia/Shanghai"
_WITH = """
    WITH o AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
        AS o (delivery_id, member_id, channel, sent_at))"""
_LEFT = "o JOIN campaign.delivery d USING (delivery_id)"


@dataclass(frozen=True, slots=True)
class Invariant:
    """How often something was looked at, and how often it was wrong."""

    name: str
    zh: str
    checked: int
    violations: int


# Each answers (checked, violations). The driven clock stands still while replies are read: an
# answer of the very moment in which a message left came after it.
_QUERIES = {
    ("nobody in a control group is contacted", "对照组无人被联系"): f"""
        SELECT (SELECT count(*) FROM campaign.contact_decision WHERE outcome = 'control'),
               (SELECT count(*) FROM {_LEFT} WHERE EXISTS (
                   SELECT FROM campaign.contact_decision c
                   WHERE c.campaign_id = d.campaign_id AND c.outcome = 'control'
                     AND c.original_member_id = d.original_member_id
                     AND c.decided_at <= o.sent_at))""",
    ("nobody is written to without consent", "未经同意不发送"): f"""
        SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
                   SELECT FROM gateway.consent_event e
                   WHERE e.member_id = o.member_id AND e.purpose = 'marketing'
                     AND e.channel = o.channel AND e.state = 'granted' AND e.at <= o.sent_at
                     AND NOT EXISTS (
                         SELECT FROM gateway.consent_event l
                         WHERE l.member_id = e.member_id AND l.purpose = e.purpose
                           AND l.channel = e.channel AND l.number > e.number
                           AND l.at < o.sent_at)))
        FROM {_LEFT}""",
    ("no member gets a second message on a day", "每人每天至多一条"): f"""
        SELECT coalesce(sum(n), 0)::bigint, count(*) FILTER (WHERE n > 1) FROM (
            SELECT count(*) AS n FROM {_LEFT}
            GROUP BY o.member_id, (o.sent_at AT TIME ZONE '{_ZONE}')::date) AS days""",
    ("no member gets a fifth message in seven days", "七天内每人至多四条"): f"""
        SELECT count(*), count(*) FILTER (WHERE n > 4) FROM (
            SELECT count(*) OVER (PARTITION BY o.member_id
                ORDER BY (o.sent_at AT TIME ZONE '{_ZONE}')::date
                RANGE BETWEEN interval '6 days' PRECEDING AND CURRENT ROW) AS n
            FROM {_LEFT}) AS weeks""",
    ("nothing is sent in quiet hours", "免打扰时段不发送"): f"""
        SELECT count(*), count(*) FILTER (WHERE
                   (o.sent_at AT TIME ZONE '{_ZONE}')::time NOT BETWEEN '09:00' AND '21:00')
        FROM {_LEFT}""",
    ("no campaign spends more than its budget", "不超预算"): """
        SELECT count(*), count(*) FILTER (WHERE spent > budget_fen) FROM (
            SELECT (p.plan -> 'budget' ->> 'amount')::bigint AS budget_fen,
                   coalesce(sum(d.cost_fen) FILTER (WHERE d.status NOT IN
                       ('withdrawn', 'refused')), 0) AS spent
            FROM campaign.campaign p LEFT JOIN campaign.delivery d USING (campaign_id)
            GROUP BY p.campaign_id) AS budgets""",
    ("no message is sent twice", "不重复发送"): f"""
        SELECT coalesce(sum(n), 0)::bigint, count(*) FILTER (WHERE n > 1) FROM (
            SELECT count(*) AS n FROM {_LEFT} JOIN campaign.contact_decision c USING (delivery_id)
            GROUP BY c.campaign_id, c.original_member_id, c.lapse, c.step) AS occasions""",
}


async def counted(dsn: str, left: Sequence[Left]) -> list[Invariant]:
    """Every invariant over all that left; `dsn` must be allowed to read gateway's and campaign's
    schemas."""
    columns = [
        [each.delivery_id for each in left],
        [each.member_id for each in left],
        [each.channel for each in left],
        [each.sent_at for each in left],
    ]
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(readonly=True):
            return [
                Invariant(name, zh, *await connection.fetchrow(_WITH + query, *columns))
                for (name, zh), query in _QUERIES.items()
            ]
    finally:
        await connection.close()
