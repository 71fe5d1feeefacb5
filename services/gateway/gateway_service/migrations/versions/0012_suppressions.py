"""Addresses that nothing is sent to, as keyed indexes."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0012"
down_revision = "gateway_0011"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE suppression (
    suppression_id uuid PRIMARY KEY,
    address text NOT NULL CHECK (address LIKE '_%:_%'),
    scope text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    by_role text NOT NULL,
    by_subject text NOT NULL,
    UNIQUE (address, scope, reason)
);
CREATE INDEX suppression_newest ON suppression (since DESC, suppression_id DESC);
"""


def upgrade() -> None:
    """Create the table."""
    run_sql(op, SCRIPT)
