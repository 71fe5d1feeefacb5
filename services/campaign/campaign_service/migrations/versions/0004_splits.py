"""Merges can be taken back: what was told of each id of those that are one."""

from alembic import op

from chassis.migrations import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE member_part (
    member_id uuid PRIMARY KEY,
    registered_at timestamptz,
    language text,
    last_order_at timestamptz,
    orders int NOT NULL DEFAULT 0
);
ALTER TABLE purchase ADD COLUMN original_member_id uuid;
UPDATE purchase SET original_member_id = member_id;
ALTER TABLE purchase ALTER COLUMN original_member_id SET NOT NULL;
"""


def upgrade() -> None:
    """Members merged before have no parts: a split leaves what they did with the survivor."""
    run_sql(op, SCRIPT)
