"""Messages on their way to providers, receipts, and how providers stand."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0022"
down_revision = "gateway_0021"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE outgoing_message (
    delivery_id uuid PRIMARY KEY,
    member_id uuid,
    channel text NOT NULL,
    provider text NOT NULL,
    purpose text NOT NULL,
    recipient text CHECK (recipient LIKE 'hy_.%'),
    content text NOT NULL CHECK (content LIKE 'hy_.%'),
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'asking', 'sent', 'delivered',
        'failed', 'unknown', 'refused', 'dead')),
    attempts integer NOT NULL,
    key text,
    first_at timestamptz,
    tried_at timestamptz,
    next_at timestamptz,
    until timestamptz,
    since timestamptz NOT NULL,
    ref text,
    reason text,
    taken_by text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX outgoing_message_due ON outgoing_message (provider, next_at)
    WHERE state IN ('waiting', 'sending', 'asking');
CREATE INDEX outgoing_message_by_ref ON outgoing_message (provider, ref) WHERE ref IS NOT NULL;
CREATE INDEX outgoing_message_stuck ON outgoing_message (created_at, delivery_id)
    WHERE state IN ('dead', 'unknown');
CREATE INDEX outgoing_message_member ON outgoing_message (member_id, channel)
    WHERE member_id IS NOT NULL;
CREATE INDEX outgoing_message_fetched ON outgoing_message (provider, created_at, delivery_id)
    WHERE state = 'sent' AND provider IN ('till', 'desk');
CREATE INDEX outgoing_message_by_time ON outgoing_message USING brin (created_at);
CREATE TABLE early_receipt (
    provider text NOT NULL,
    ref text NOT NULL,
    status text NOT NULL CHECK (status IN ('delivered', 'failed')),
    reason text,
    at timestamptz,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, ref, status)
);
CREATE TABLE provider_standing (
    provider text PRIMARY KEY,
    tokens double precision NOT NULL,
    at timestamptz NOT NULL,
    failures integer NOT NULL,
    open_until timestamptz
);
CREATE TABLE provider_token (
    provider text PRIMARY KEY,
    token bytea,
    good_until timestamptz
);
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCRIPT)
