"""Which changes of tags go to review, and the changes of those that are watched."""

from alembic import op

from chassis.migrations import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE tag_watch (
    tag text PRIMARY KEY,
    document jsonb NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE TABLE tag_flip (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_id bigint NOT NULL,
    tag text NOT NULL,
    before text,
    after text,
    flipped_at timestamptz NOT NULL
);
CREATE INDEX tag_flip_subject ON tag_flip (subject_id, tag, flipped_at);
ALTER TABLE tag_review ADD COLUMN after text;
"""


def upgrade() -> None:
    """Create them."""
    run_sql(op, SCRIPT)
