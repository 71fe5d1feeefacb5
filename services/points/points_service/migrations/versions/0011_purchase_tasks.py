"""Tasks that count purchases, and what refunds do to them."""

from alembic import op

from chassis.migrations import run_sql

revision = "0011"
down_revision = "0010"

TASKS = """
ALTER TABLE task_done
    ADD turn int NOT NULL DEFAULT 1,
    ADD taken_back_at timestamptz;
CREATE TABLE task_purchase (
    task_id text NOT NULL,
    order_no text NOT NULL,
    member_id uuid NOT NULL,
    paid_at timestamptz NOT NULL,
    lines jsonb,  -- places in the order; null: all of it
    fen bigint NOT NULL CHECK (fen >= 0),
    PRIMARY KEY (task_id, order_no)
);
CREATE INDEX task_purchase_member ON task_purchase (member_id, task_id, paid_at);
CREATE INDEX task_purchase_order ON task_purchase (order_no);
"""


def upgrade() -> None:
    """Orders of before count for no task: tasks of purchases begin when they are written."""
    run_sql(op, TASKS)
