"""Merges can be taken back: what members know of stores and ages only by a merge."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0014"
down_revision = "gateway_0013"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE known_store ADD COLUMN inherited_from uuid;
ALTER TABLE child ADD COLUMN inherited_from uuid;
CREATE INDEX known_store_inherited ON known_store (inherited_from)
    WHERE inherited_from IS NOT NULL;
"""


def upgrade() -> None:
    """Add the columns; what was merged before counts as one's own."""
    run_sql(op, SCRIPT)
