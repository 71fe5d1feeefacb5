"""What campaign holds of a member, and how it goes. $1 are the member's ids."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.rights import statements

_MINE = "member_id = ANY($1::uuid[])"

HOLDS = {
    "member": "SELECT registered_at, language, last_order_at, orders, tier, tier_at FROM member"
    f" WHERE {_MINE}",
    "member_alias": "SELECT absorbed_id, survivor_id FROM member_alias"
    " WHERE survivor_id = ANY($1::uuid[])",
    "contact_decision": "SELECT c.name AS campaign, d.lapse, d.decided_at, d.outcome, v.checks,"
    " d.orders, d.revenue_fen FROM contact_decision d JOIN campaign c USING (campaign_id)"
    " JOIN verdict_set v USING (verdict_set)"
    f" WHERE {_MINE} ORDER BY d.seq",
    "delivery": "SELECT c.name AS campaign, d.channel, d.language, d.status, d.reason, d.day,"
    " d.requested_at, d.sent_at, d.coupon_code FROM delivery d JOIN campaign c USING (campaign_id)"
    f" WHERE {_MINE} ORDER BY d.seq",
    "experiment_member": "SELECT e.name AS experiment, m.variant, m.assigned_at"
    f" FROM experiment_member m JOIN experiment e USING (experiment_id) WHERE {_MINE}",
    "message_response": "SELECT c.name AS campaign, r.channel, r.target, r.made_at, r.opened_at,"
    " r.clicked_at, r.clicks FROM message_response r JOIN campaign c USING (campaign_id)"
    f" WHERE {_MINE} ORDER BY r.made_at",
    "purchase": "SELECT order_no, store_id, paid_at, paid_fen, refunded_fen FROM purchase"
    f" WHERE {_MINE}",
    "redemption": "SELECT r.coupon_code, r.order_no, r.paid_at, r.paid_fen, r.discount_fen,"
    " r.refunded_fen FROM redemption r"
    f" JOIN delivery d USING (coupon_code) WHERE {_MINE}",
    "signup": "SELECT a.document -> 'title' AS title, s.status, s.signed_up_at, s.checked_in_at"
    f" FROM signup s JOIN activity a USING (activity_id) WHERE {_MINE} ORDER BY s.place",
    "vote": "SELECT a.document -> 'title' AS title, v.option, v.voted_at"
    f" FROM vote v JOIN activity a USING (activity_id) WHERE {_MINE}",
    "community_member": f"SELECT interest, joined_at FROM community_member WHERE {_MINE}",
    "follower": f"SELECT rewarded_at FROM follower WHERE {_MINE}",
    "share": f"SELECT shared_at, shares FROM share WHERE {_MINE}",
    "segment_member": f"SELECT segment_id, entered_at FROM segment_member WHERE {_MINE}",
    "survey_invitation": "SELECT s.document -> 'name' AS survey, i.status, i.invited_at, i.store"
    f" FROM survey_invitation i JOIN survey s USING (survey_id) WHERE {_MINE}",
    "survey_answer": "SELECT s.document -> 'name' AS survey, a.answers, a.answered_at"
    f" FROM survey_answer a JOIN survey s USING (survey_id) WHERE {_MINE}",
    "invitation_page": "SELECT a.document -> 'title' AS title, p.design, p.words, p.made_at"
    f" FROM invitation_page p JOIN activity a USING (activity_id) WHERE {_MINE}",
    "guest": f"SELECT signed_up_at FROM guest WHERE {_MINE}",
    "kpi_order": "SELECT order_no, paid_at, store, channel, paid_fen, refunded_fen FROM kpi_order"
    f" WHERE {_MINE} ORDER BY paid_at",
    "kpi_contact": f"SELECT sent_at, channel, reached FROM kpi_contact WHERE {_MINE}",
    "zone_move": f"SELECT zone, moved_at, came FROM zone_move WHERE {_MINE} ORDER BY moved_at",
    "trigger_wait": "SELECT c.name AS campaign, w.zone, w.due_at FROM trigger_wait w"
    f" JOIN campaign c USING (campaign_id) WHERE {_MINE} ORDER BY w.due_at",
    "contactable": "SELECT agreed, reach, suppressed, barred, prefers FROM contactable"
    f" WHERE {_MINE}",
    "journey_run": "SELECT c.name AS campaign, r.entered_at, r.entered_by, r.node, r.path,"
    " r.ended_at, r.reason, r.control FROM journey_run r JOIN journey j USING (journey_id)"
    f" JOIN campaign c USING (campaign_id) WHERE {_MINE} ORDER BY r.seq",
    "journey_signal": f"SELECT name, occurred_at, properties FROM journey_signal WHERE {_MINE}",
    "objection": f"SELECT objected_at FROM objection WHERE {_MINE}",
}
# By bare ids, so that what campaigns did still adds up.
KEPT = {
    "member_alias": "ids alone",
    "contact_decision": "figures of campaigns, by a bare id",
    "delivery": "figures of campaigns, by a bare id; the text was never here",
    "redemption": "figures of campaigns",
    "experiment_member": "figures of experiments, by a bare id",
    "message_response": "figures of campaigns, by a bare id; its link is dead",
    "vote": "the result that was told, by a bare id",
    "kpi_order": "figures of past days, by a bare id",
    "kpi_contact": "figures of past days, by a bare id",
}

_GOES = (
    "invitation_page",
    "guest",
    "journey_run",
    "journey_signal",
    "signup",
    "survey_answer",
    "survey_invitation",
    "community_member",
    "follower",
    "share",
    "zone_move",
    "trigger_wait",
    "member_part",
    "purchase",
    "objection",
    "segment_member",
    "contactable",
    "member",
)

erase = statements(
    # as audiences.lock; of whom it is makes no difference
    "SELECT pg_advisory_xact_lock(hashtext('campaign:members')) FROM (SELECT $1::uuid[]) AS whose",
    "UPDATE activity a SET confirmed = a.confirmed - s.confirmed, queued = a.queued - s.queued"
    " FROM (SELECT activity_id, count(*) FILTER (WHERE status = 'confirmed') AS confirmed,"
    f" count(*) FILTER (WHERE status = 'waiting') AS queued FROM signup WHERE {_MINE}"
    " GROUP BY activity_id) s WHERE a.activity_id = s.activity_id",
    "DELETE FROM follower WHERE referred_id = ANY($1::uuid[])",
    "UPDATE delivery SET status = 'withdrawn', reason = 'erased'"
    f" WHERE {_MINE} AND status = 'held'",
    f"UPDATE message_response SET token_hash = NULL, target = NULL WHERE {_MINE}",
    "DELETE FROM refund r USING purchase p WHERE r.order_no = p.order_no"
    " AND p.member_id = ANY($1::uuid[])",
    *(f"DELETE FROM {table} WHERE {_MINE}" for table in _GOES),
)


async def object_to(tx: Tx, members: Sequence[UUID]) -> None:
    """No campaign picks these ids, whoever they are merged into."""
    await tx.execute(
        "INSERT INTO objection SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING",
        list(members), tx.now,
    )  # fmt: skip


async def agree_again(tx: Tx, members: Sequence[UUID]) -> None:
    """They said yes to being chosen for."""
    await tx.execute(
        "DELETE FROM objection o WHERE o.member_id = ANY($1::uuid[]) OR o.member_id IN"
        " (SELECT absorbed_id FROM member_alias WHERE survivor_id = ANY($1::uuid[]))",
        list(members),
    )


async def withdraw(tx: Tx, noes: Sequence[tuple[UUID, str]]) -> None:
    """Messages to (member, channel) that have not left never leave."""
    await tx.execute(
        "UPDATE delivery d SET status = 'withdrawn', reason = 'consent_withdrawn'"
        " FROM unnest($1::uuid[], $2::text[]) AS n (member, channel)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.member"
        " WHERE d.member_id = coalesce(a.survivor_id, n.member) AND d.channel = n.channel"
        " AND d.status = 'held'",
        [member for member, _ in noes],
        [channel for _, channel in noes],
    )
