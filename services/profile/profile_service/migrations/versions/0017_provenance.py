"""Traits that third parties told: by whom, how sure, how long."""

from alembic import op

from chassis.migrations import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns; what is there was told by people themselves."""
    run_sql(
        op,
        """
        ALTER TABLE trait ADD COLUMN source text, ADD COLUMN confidence double precision,
            ADD COLUMN expires_on date;
        CREATE INDEX trait_expiring ON trait (expires_on) WHERE expires_on IS NOT NULL;
        """,
    )
