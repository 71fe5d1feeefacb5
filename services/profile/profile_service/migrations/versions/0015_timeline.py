"""What happens besides activities, purchases and refunds; points that these brought and took."""

from alembic import op

from chassis.migrations import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE purchase ADD COLUMN points int NOT NULL DEFAULT 0;
ALTER TABLE refund ADD COLUMN points int NOT NULL DEFAULT 0;
CREATE INDEX refund_subject ON refund (subject_id, refunded_at);
CREATE SEQUENCE happening_key;
CREATE TABLE happening (
    subject_id bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (subject_id, at, kind, key)
);
"""


def upgrade() -> None:
    """Create them."""
    run_sql(op, SCRIPT)
