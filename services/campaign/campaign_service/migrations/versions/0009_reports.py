"""What became of messages after they were sent."""

from alembic import op

from chassis.migrations import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE delivery ADD COLUMN reported_at timestamptz,
    DROP CONSTRAINT delivery_status_check,
    ADD CONSTRAINT delivery_status_check CHECK (status IN ('held', 'requested', 'sent', 'refused',
        'withdrawn', 'delivered', 'failed', 'unknown'));
"""


def upgrade() -> None:
    """No row has to change."""
    run_sql(op, SCRIPT)
