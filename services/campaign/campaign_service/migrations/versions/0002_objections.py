"""Members who object to being picked by a machine."""

from alembic import op

from chassis.migrations import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    run_sql(
        op,
        "CREATE TABLE objection (member_id uuid PRIMARY KEY, objected_at timestamptz NOT NULL);",
    )
