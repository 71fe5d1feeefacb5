"""Declared schemas of events."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0018"
down_revision = "gateway_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Versions are added and never changed."""
    run_sql(
        op,
        """
        CREATE TABLE event_schema (
            event text NOT NULL,
            version integer NOT NULL,
            document jsonb NOT NULL,
            declared_at timestamptz NOT NULL,
            declared_by text NOT NULL,
            PRIMARY KEY (event, version)
        );
        """,
    )
