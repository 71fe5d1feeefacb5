"""Identifiers are also looked up by member: by the checks of referrals."""

from alembic import op

from chassis.migrations import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """By member as well; so far the whole table was read each time."""
    run_sql(op, "CREATE INDEX identifier_member ON identifier (member_id)")
