"""Members by the blind index of their day of birth."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None

BIRTHDAY = """
CREATE TABLE birthday (member_id uuid PRIMARY KEY, index bytea NOT NULL);
CREATE INDEX birthday_index ON birthday (index, member_id);
"""


def upgrade() -> None:
    """Empty: identity tells all it knows after its own upgrade."""
    run_sql(op, BIRTHDAY)
