"""What a shop does about members of an RFM cell, in place of what is shipped; customer groups."""

from alembic import op

from chassis.migrations import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE rfm_strategy (
    cell text PRIMARY KEY,
    document jsonb NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
INSERT INTO touched (subject_id) SELECT subject_id FROM member;
"""


def upgrade() -> None:
    """Create it; everybody is looked at once more, for the tag that is new."""
    run_sql(op, SCRIPT)
