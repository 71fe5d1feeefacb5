"""Whether a write key is kept where nobody but the shop can read it."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0019"
down_revision = "gateway_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sources that are there already are believed as little as an app's key is."""
    run_sql(
        op,
        """
        ALTER TABLE write_key ADD COLUMN trust text NOT NULL DEFAULT 'client'
            CHECK (trust IN ('client', 'server'));
        """,
    )
