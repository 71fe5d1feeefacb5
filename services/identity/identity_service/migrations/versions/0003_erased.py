"""Members who were erased: the id stays, and answers for nobody."""

from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    run_sql(op, "ALTER TABLE member ADD COLUMN erased_at timestamptz;")
