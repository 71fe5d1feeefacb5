"""Blocks of newcomers are found at once: a list of what is still to be filed would be read through
for each newcomer."""

from alembic import op

from chassis.migrations import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is in the list goes into the index."""
    run_sql(
        op,
        """
        ALTER INDEX match_keys_blocks SET (fastupdate = off);
        SELECT gin_clean_pending_list('match_keys_blocks');
        """,
    )
