"""Partners, settlements, stored value, paid memberships."""

from alembic import op

from chassis.migrations import run_sql

revision = "0008"
down_revision = "0007"

SCHEMA = """
SELECT 1;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
