"""What a campaign's offers may cost is set aside by points."""

from alembic import op

from chassis.migrations import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was approved before has nothing set aside, and is launched all the same."""
    run_sql(op, "ALTER TABLE campaign ADD COLUMN reservation jsonb;")
