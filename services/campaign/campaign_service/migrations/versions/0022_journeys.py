"""Journeys, their versions, who is where, and what was heard."""

from alembic import op

from chassis.migrations import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE journey (
    journey_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    campaign_id uuid NOT NULL UNIQUE REFERENCES campaign,
    version int NOT NULL
);
CREATE TABLE journey_version (
    journey_id uuid NOT NULL REFERENCES journey,
    version int NOT NULL,
    document jsonb NOT NULL,
    upgrade jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    approver text,
    approved_at timestamptz,
    PRIMARY KEY (journey_id, version)
);
CREATE TABLE journey_watch (
    name text NOT NULL,
    journey_id uuid NOT NULL REFERENCES journey,
    version int NOT NULL,
    role text NOT NULL CHECK (role IN ('entry', 'exit', 'wait', 'count')),
    node text NOT NULL,
    PRIMARY KEY (name, journey_id, version, role, node)
);
CREATE TABLE journey_run (
    run_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    journey_id uuid NOT NULL REFERENCES journey,
    version int NOT NULL,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    occasion timestamptz NOT NULL,
    entered_at timestamptz NOT NULL,
    entered_by text NOT NULL,
    control boolean NOT NULL DEFAULT false,
    node text NOT NULL,
    at timestamptz NOT NULL,
    mark text NOT NULL DEFAULT '',
    due_at timestamptz,
    wake_at timestamptz,
    steps int NOT NULL DEFAULT 0,
    arms jsonb NOT NULL DEFAULT '{}',
    message jsonb,
    path jsonb NOT NULL DEFAULT '[]',
    ended_at timestamptz,
    reason text,
    -- always in exactly one node, or ended
    CHECK ((ended_at IS NULL) = (wake_at IS NOT NULL) AND (ended_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX journey_run_once ON journey_run (journey_id, member_id)
    WHERE ended_at IS NULL;
CREATE INDEX journey_run_due ON journey_run (journey_id, wake_at) WHERE ended_at IS NULL;
CREATE INDEX journey_run_by_member ON journey_run (member_id, journey_id);
CREATE INDEX journey_run_ended ON journey_run (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE journey_signal (
    name text NOT NULL,
    key text NOT NULL,
    original_member_id uuid NOT NULL,
    member_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    properties jsonb NOT NULL,
    PRIMARY KEY (original_member_id, name, key)
);
CREATE INDEX journey_signal_by_member ON journey_signal (member_id, occurred_at);
CREATE INDEX journey_signal_by_age ON journey_signal (occurred_at);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
