"""What stands in an erasure's way."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0015"
down_revision = "gateway_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    run_sql(op, "ALTER TABLE rights_request ADD COLUMN owed_fen bigint")
