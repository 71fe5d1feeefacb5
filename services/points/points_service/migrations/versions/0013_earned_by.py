"""Which rules gave what of an order, kept with it."""

from alembic import op

from chassis.migrations import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Nothing is known of older orders."""
    run_sql(op, "ALTER TABLE orders ADD earned jsonb;")
