"""Experiments, their arms, and the members whom nothing contacts."""

from alembic import op

from chassis.migrations import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE experiment (
    experiment_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL UNIQUE,
    campaign_id uuid NOT NULL UNIQUE REFERENCES campaign,
    document jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    weights jsonb,
    stopped_at timestamptz,
    stopped_by text,
    winner text
);
CREATE TABLE experiment_member (
    experiment_id uuid NOT NULL REFERENCES experiment,
    original_member_id uuid NOT NULL,
    member_id uuid NOT NULL,
    variant text NOT NULL,
    fair boolean NOT NULL,
    assigned_at timestamptz NOT NULL,
    PRIMARY KEY (experiment_id, original_member_id)
);
CREATE INDEX experiment_member_member ON experiment_member (member_id);
CREATE TABLE experiment_weight (
    experiment_id uuid NOT NULL REFERENCES experiment,
    day date NOT NULL,
    weights jsonb NOT NULL,
    PRIMARY KEY (experiment_id, day)
);
CREATE TABLE global_control (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    share double precision NOT NULL CHECK (share BETWEEN 0 AND 0.2),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Nobody is held out until somebody says so."""
    run_sql(op, SCRIPT)
