"""What every service's first migration calls, and a way to run plain SQL from Alembic."""

from typing import Any

CHASSIS_TABLES = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    headers jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz
);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE TABLE inbox (message_id text PRIMARY KEY, received_at timestamptz NOT NULL);
CREATE TABLE idempotency (
    scope text PRIMARY KEY,
    body_hash bytea NOT NULL,
    status int NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE dead_letter (
    message_id text PRIMARY KEY,
    subject text NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE job_run (
    name text NOT NULL,
    due timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (name, due)
);
CREATE TABLE bus_state (stream text PRIMARY KEY, created timestamptz NOT NULL);
"""


def create_chassis_tables(op: Any) -> None:
    """Outbox, inbox, idempotency, dead letters, job runs: the same in every schema."""
    run_sql(op, CHASSIS_TABLES)


def run_sql(op: Any, script: str) -> None:
    """Run several statements at once inside Alembic's transaction (asyncpg takes one otherwise)."""
    connection = op.get_bind()
    connection.exec_driver_sql("SELECT 1")  # makes sure that the transaction has begun
    adapted = connection.connection.dbapi_connection
    adapted.run_async(lambda raw: raw.execute(script))
