"""What a message says otherwise than its campaign's plan."""

from alembic import op

from chassis.migrations import run_sql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE delivery ADD COLUMN change jsonb NOT NULL DEFAULT '{}';
ALTER TABLE delivery ALTER COLUMN change DROP DEFAULT;
"""


def upgrade() -> None:
    """What is on its way says what its plan does."""
    run_sql(op, SCRIPT)
