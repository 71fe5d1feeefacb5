"""Members who object to being decided about by machines."""

from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    run_sql(
        op,
        "CREATE TABLE objection (subject_id bigint PRIMARY KEY, objected_at timestamptz NOT NULL);",
    )
