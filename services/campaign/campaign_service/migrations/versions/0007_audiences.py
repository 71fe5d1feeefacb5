"""Audiences by tier and segment, picked every midnight or as members enter."""

from alembic import op

from chassis.migrations import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE campaign ADD COLUMN trigger text NOT NULL DEFAULT 'daily'
    CHECK (trigger IN ('daily', 'entered'));
ALTER TABLE member ADD COLUMN tier text, ADD COLUMN tier_at timestamptz;
ALTER TABLE member_part ADD COLUMN tier text, ADD COLUMN tier_at timestamptz;
CREATE TABLE segment_member (
    segment_id uuid NOT NULL,
    member_id uuid NOT NULL,
    entered_at timestamptz NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (segment_id, member_id)
);
CREATE INDEX segment_member_member ON segment_member (member_id);
"""


def upgrade() -> None:
    """Segments fill as their changes are told; tiers as they change."""
    run_sql(op, SCRIPT)
