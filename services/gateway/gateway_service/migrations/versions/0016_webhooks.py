"""Webhooks and what is sent to them."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0016"
down_revision = "gateway_0015"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE webhook (
    webhook_id uuid PRIMARY KEY,
    holder_id text NOT NULL,
    role text NOT NULL,
    store text,
    url text NOT NULL,
    events text[] NOT NULL,
    secret bytea NOT NULL,
    before bytea,
    before_until timestamptz,
    created_at timestamptz NOT NULL,
    failing_since timestamptz,
    disabled_at timestamptz
);
CREATE INDEX webhook_by_holder ON webhook (holder_id);
CREATE TABLE webhook_message (
    message_id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
    type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts integer NOT NULL,
    next_at timestamptz,
    status integer,
    error text,
    delivered_at timestamptz
);
CREATE INDEX webhook_message_due ON webhook_message (webhook_id, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_message_by_webhook ON webhook_message (webhook_id, created_at, message_id);
CREATE INDEX webhook_message_by_time ON webhook_message USING brin (created_at);
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCRIPT)
