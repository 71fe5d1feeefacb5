"""Tags are told to the others: what was told last, and numbers that only grow."""

from alembic import op

from chassis.migrations import run_sql

revision = "0002"
down_revision = "0001"

# Everybody is looked at once more, so that those who have tags already are told as well.
TOLD = """
ALTER TABLE member_tags ADD COLUMN told jsonb NOT NULL DEFAULT '[]';
CREATE SEQUENCE tags_version;
INSERT INTO touched (subject_id) SELECT subject_id FROM member;
"""


def upgrade() -> None:
    """Add them."""
    run_sql(op, TOLD)
