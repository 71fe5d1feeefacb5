"""Links that take consent back, by the hash of their token."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0013"
down_revision = "gateway_0012"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE unsubscribe_link (
    token_hash bytea PRIMARY KEY,
    delivery_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    member_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX ix_unsubscribe_link_member_id ON unsubscribe_link (member_id);
CREATE INDEX unsubscribe_link_by_time ON unsubscribe_link USING brin (sent_at);
"""


def upgrade() -> None:
    """Create the table."""
    run_sql(op, SCRIPT)
