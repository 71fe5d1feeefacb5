"""Models' versions, what they say about members, and stock."""

from alembic import op

from chassis.migrations import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    run_sql(
        op,
        """
        CREATE TABLE model_version (
            name text NOT NULL,
            version integer NOT NULL,
            status text NOT NULL,
            asked_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            as_of date NOT NULL,
            horizon_days integer NOT NULL,
            accepted boolean NOT NULL,
            report jsonb,
            popular text[] NOT NULL,
            error text,
            PRIMARY KEY (name, version)
        );
        CREATE TABLE forecast (
            subject_id bigint NOT NULL,
            name text NOT NULL,
            value double precision,
            horizon_days integer NOT NULL,
            detail jsonb NOT NULL,
            made_at timestamptz NOT NULL,
            PRIMARY KEY (subject_id, name)
        );
        CREATE TABLE stock (
            sku text PRIMARY KEY,
            on_hand integer NOT NULL,
            told_at timestamptz NOT NULL
        );
        """,
    )
