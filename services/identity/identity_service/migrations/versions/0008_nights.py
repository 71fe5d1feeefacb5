"""When newcomers were last compared with everybody."""

from alembic import op

from chassis.migrations import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A hunt that learnt has compared everybody."""
    run_sql(
        op,
        """
        ALTER TABLE likeness_weights ADD COLUMN searched_at timestamptz;
        UPDATE likeness_weights SET searched_at = learnt_at;
        ALTER TABLE likeness_weights ALTER COLUMN searched_at SET NOT NULL;
        """,
    )
