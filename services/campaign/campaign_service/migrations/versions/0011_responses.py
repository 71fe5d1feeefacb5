"""Tracked links and opened messages."""

from alembic import op

from chassis.migrations import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE message_response (
    delivery_id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    channel text NOT NULL,
    token_hash bytea UNIQUE,
    target text,
    made_at timestamptz NOT NULL,
    opened_at timestamptz,
    clicked_at timestamptz,
    clicks integer NOT NULL DEFAULT 0
);
CREATE INDEX message_response_member ON message_response (member_id);
CREATE INDEX message_response_campaign ON message_response (campaign_id);
"""


def upgrade() -> None:
    """Messages that left before have no link."""
    run_sql(op, SCRIPT)
