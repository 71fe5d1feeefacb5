"""A tag that is kept by decision says whose decision it was."""

from alembic import op

from chassis.migrations import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SCRIPT = "ALTER TABLE tag_pin ADD COLUMN rule text NOT NULL DEFAULT 'review'"


def upgrade() -> None:
    """Those that are there came of reviews."""
    run_sql(op, SCRIPT)
