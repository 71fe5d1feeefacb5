"""What the facts of a day are, by source: the one place that says what is counted.

A source is a SELECT of what happened, on the day on which it is known ($1: days to write anew):
rows of day, channel, store, segments, member_id and what is summed. Facts are a function of these
rows: days are written anew whenever something about them is told late, given back, or merged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from campaign_service.kpis.domain import CONTACT_DAYS, REPEAT_DAYS

_GOOD = "(o.paid_fen = 0 OR o.refunded_fen < o.paid_fen)"  # not given back whole
_SEGMENTS = "(SELECT array_agg(segment_id) FROM segment_member s WHERE s.member_id = a.member_id) "


@dataclass(frozen=True, slots=True)
class Source:
    """`measures`: name, and what of a member's rows is added up over members. `monthly`: a day
    stands for its month."""

    measures: Mapping[str, str]
    select: str
    monthly: bool = False


SOURCES: Mapping[str, Source] = {
    "orders": Source(
        {"orders": "count(*)", "revenue_fen": "sum(net)"},
        "SELECT day, channel, store, segments, member_id, paid_fen - refunded_fen AS net"
        f" FROM kpi_order o WHERE day = ANY($1::date[]) AND {_GOOD}",
    ),
    "month": Source(
        {"active": "1"},
        "SELECT date_trunc('month', day)::date AS day, channel, store, segments, member_id"
        " FROM kpi_order o JOIN unnest($1::date[]) AS month (first)"
        " ON day >= first AND day < first + interval '1 month'"
        f" WHERE day < $2 AND {_GOOD}",
        monthly=True,
    ),
    "repeat": Source(
        {"base_orders": "count(*)", "repeats": "sum(again)"},
        f"SELECT day + {REPEAT_DAYS} AS day, channel, store, segments, member_id,"
        " EXISTS (SELECT FROM kpi_order n WHERE n.member_id = o.member_id"
        f" AND n.paid_at > o.paid_at AND n.paid_at <= o.paid_at + interval '{REPEAT_DAYS} days'"
        f" AND {_GOOD.replace('o.', 'n.')})::int AS again"
        f" FROM kpi_order o WHERE day IN (SELECT unnest($1::date[]) - {REPEAT_DAYS}) AND {_GOOD}",
    ),
    "contacts": Source(
        {
            "contacts": "count(*)",
            "converted": "count(revenue)",
            "contact_revenue_fen": "sum(coalesce(revenue, 0))",
            "cost_fen": "sum(cost_fen)",
        },
        f"SELECT day + {CONTACT_DAYS} AS day, c.channel, bought.store, c.segments, c.member_id,"
        " c.cost_fen, bought.revenue FROM kpi_contact c LEFT JOIN LATERAL"
        " (SELECT (array_agg(o.store ORDER BY o.paid_at, o.order_no))[1] AS store,"
        " sum(o.paid_fen - o.refunded_fen) AS revenue FROM kpi_order o"
        " WHERE o.member_id = c.member_id AND o.paid_at > c.sent_at"
        f" AND o.paid_at <= c.sent_at + interval '{CONTACT_DAYS} days' AND {_GOOD}"
        " AND NOT EXISTS (SELECT FROM kpi_contact l WHERE l.member_id = c.member_id AND l.reached"
        " AND (l.sent_at, l.delivery_id) > (c.sent_at, c.delivery_id) AND l.sent_at < o.paid_at)"
        " HAVING count(*) > 0) AS bought ON true"
        f" WHERE day IN (SELECT unnest($1::date[]) - {CONTACT_DAYS}) AND c.reached",
    ),
    "answers": Source(
        {
            "nps_answers": "count(*) FILTER (WHERE measure = 'nps')",
            "promoters": "count(*) FILTER (WHERE measure = 'nps' AND score >= 9)",
            "detractors": "count(*) FILTER (WHERE measure = 'nps' AND score <= 6)",
            "csat_answers": "count(*) FILTER (WHERE measure = 'csat')",
            "satisfied": "count(*) FILTER (WHERE measure = 'csat' AND score >= 4)",
        },
        "SELECT day, s.document ->> 'channel' AS channel, i.store,"
        f" {_SEGMENTS} AS segments, a.member_id, a.measure, a.score"
        " FROM unnest($1::date[]) AS one (day) JOIN survey_answer a"
        " ON a.answered_at >= one.day::timestamp AT TIME ZONE 'Asia/Shanghai'"
        " AND a.answered_at < (one.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'"
        " JOIN survey_invitation i USING (invitation_id) JOIN survey s ON s.survey_id = a.survey_id"
        " WHERE a.score IS NOT NULL",
    ),
}
BASE = ("members", "high_risk", "lost", "valued", "value_fen", "tagged")  # told by profile
MEASURES: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(source.measures) for name, source in SOURCES.items()}, "base": BASE,
}  # fmt: skip


def statement(name: str) -> str:
    """Facts of these days, of everybody and by channel, store and segment, into the table."""
    source = SOURCES[name]
    measures = list(source.measures.values())
    own = ", ".join(f"({each})::bigint AS m{n}" for n, each in enumerate(measures))
    sums = ", ".join(f"sum(m{n})::bigint" for n in range(len(measures)))
    return (
        f"WITH told AS MATERIALIZED ({source.select}), part AS ("
        "SELECT 'all' AS by, '' AS key, told.* FROM told"
        " UNION ALL SELECT 'channel', channel, told.* FROM told WHERE channel IS NOT NULL"
        " UNION ALL SELECT 'store', store, told.* FROM told WHERE store IS NOT NULL"
        " UNION ALL SELECT 'segment', own.segment::text, told.* FROM told"
        " CROSS JOIN LATERAL unnest(segments) AS own (segment)),"
        # hashed by member first: counting distinct members would sort them all
        f" person AS (SELECT by, key, day, member_id, {own} FROM part"
        " GROUP BY by, key, day, member_id)"
        " INSERT INTO kpi_fact (source, by, key, day, figures, behind)"
        f" SELECT '{name}', by, key, day, ARRAY[{sums}], count(member_id)"
        " FROM person GROUP BY by, key, day"
    )
