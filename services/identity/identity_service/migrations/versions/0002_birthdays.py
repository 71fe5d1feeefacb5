"""Birthdays are told to the gateway; those that are known already once, in the background."""

from alembic import op

from chassis.migrations import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNTOLD = """
CREATE TABLE birthday_untold (member_id uuid PRIMARY KEY);
INSERT INTO birthday_untold SELECT member_id FROM member
WHERE birthday IS NOT NULL AND merged_into IS NULL;
"""


def upgrade() -> None:
    """List them."""
    run_sql(op, UNTOLD)
