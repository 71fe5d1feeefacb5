"""Seen messages by key alone: nothing has to be unique that is written under a lock."""

from alembic import op

from chassis.migrations import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE seen DROP CONSTRAINT seen_pkey;
CREATE INDEX seen_key ON seen (message_key);
"""


def upgrade() -> None:
    """Exchange the index."""
    run_sql(op, SCRIPT)
