"""Imports: how far they are, and the files until they are done."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0021"
down_revision = "gateway_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Parts are encrypted: large, and of no use to compression."""
    run_sql(
        op,
        """
        CREATE TABLE import_job (
            job_id uuid PRIMARY KEY,
            kind text NOT NULL,
            source text NOT NULL,
            state text NOT NULL
                CHECK (state IN ('receiving', 'waiting', 'running', 'done', 'failed')),
            fields jsonb NOT NULL,
            defaults jsonb NOT NULL,
            encoding text NOT NULL,
            delimiter text NOT NULL,
            sha256 bytea NOT NULL,
            parts integer NOT NULL,
            asked_by text NOT NULL,
            asked_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            rows bigint,
            rows_done bigint NOT NULL,
            imported bigint NOT NULL,
            known bigint NOT NULL,
            quarantined bigint NOT NULL,
            dropped bigint NOT NULL,
            error text
        );
        CREATE INDEX import_job_open ON import_job (asked_at)
            WHERE state IN ('receiving', 'waiting', 'running');
        CREATE TABLE import_part (
            job_id uuid NOT NULL REFERENCES import_job,
            part integer NOT NULL,
            content bytea NOT NULL,
            received_at timestamptz NOT NULL,
            PRIMARY KEY (job_id, part)
        );
        ALTER TABLE import_part ALTER COLUMN content SET STORAGE EXTERNAL;
        """,
    )
