"""Messages to whoever has a number: a code to sign in is of no member yet."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0011"
down_revision = "gateway_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Loosen one column."""
    run_sql(op, "ALTER TABLE sandbox_outbox ALTER COLUMN member_id DROP NOT NULL")
