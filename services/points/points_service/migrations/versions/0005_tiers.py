"""Ladders, windows, warnings; benefits and their applications."""

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
