"""The region of a member, by GB/T 2260."""

from alembic import op

from chassis.migrations import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    run_sql(op, "ALTER TABLE member ADD COLUMN region text;")
