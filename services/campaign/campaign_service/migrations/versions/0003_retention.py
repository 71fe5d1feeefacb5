"""What the nightly retention looks rows up by."""

from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE INDEX contact_decision_by_time ON contact_decision USING brin (decided_at);
CREATE INDEX delivery_by_time ON delivery USING brin (due_at);
CREATE INDEX redemption_by_time ON redemption USING brin (paid_at);
"""


def upgrade() -> None:
    """Add the indexes."""
    run_sql(op, SCRIPT)
