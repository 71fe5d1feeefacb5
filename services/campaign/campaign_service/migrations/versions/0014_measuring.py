"""What is needed to measure: refunds, what was usual before, where it was bought, what it cost."""

from alembic import op

from chassis.migrations import run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE purchase ADD COLUMN store_id text, ADD COLUMN refunded_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE redemption ADD COLUMN discount_fen bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunded_fen bigint NOT NULL DEFAULT 0,
    ADD COLUMN returned boolean NOT NULL DEFAULT false;
CREATE INDEX redemption_order ON redemption (order_no);
ALTER TABLE contact_decision ADD COLUMN before_fen bigint, ADD COLUMN store_id text;
CREATE TABLE refund (
    order_no text NOT NULL,
    refund_no text NOT NULL,
    refund_fen bigint NOT NULL,
    refunded_at timestamptz NOT NULL,
    PRIMARY KEY (order_no, refund_no)
);
"""


def upgrade() -> None:
    """Of what was settled before, nothing more is known."""
    run_sql(op, SCRIPT)
