"""Identifiers that somebody only says are theirs: they merge nobody, and yield to who shows it."""

from alembic import op

from chassis.migrations import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What members linked themselves is a claim, but for phones, which a code showed."""
    run_sql(
        op,
        """
        ALTER TABLE identifier ADD COLUMN proven boolean NOT NULL DEFAULT true;
        UPDATE identifier SET proven = false WHERE source = 'member' AND kind <> 'phone';
        """,
    )
