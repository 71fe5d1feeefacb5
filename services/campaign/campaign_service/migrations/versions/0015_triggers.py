"""Triggers: which count, what they wait for, who is waited for."""

from alembic import op

from chassis.migrations import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE armed_trigger (
    campaign_id uuid PRIMARY KEY REFERENCES campaign,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    names text[] NOT NULL,
    trigger jsonb NOT NULL,
    starts_on date,
    ends_on date
);
CREATE INDEX armed_trigger_by_kind ON armed_trigger (kind);
CREATE SEQUENCE watch_version;
CREATE TABLE event_watch (
    watcher uuid NOT NULL,
    name text NOT NULL,
    within_minutes int NOT NULL CHECK (within_minutes > 0),
    PRIMARY KEY (watcher, name)
);
CREATE TABLE zone_move (
    original_member_id uuid NOT NULL,
    zone text NOT NULL,
    moved_at timestamptz NOT NULL,
    came boolean NOT NULL,
    member_id uuid NOT NULL,
    PRIMARY KEY (original_member_id, zone, moved_at, came)
);
CREATE INDEX zone_move_by_member ON zone_move (member_id, moved_at);
CREATE TABLE trigger_wait (
    wait_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    occasion timestamptz NOT NULL,
    zone text NOT NULL,
    since timestamptz,
    due_at timestamptz NOT NULL,
    values jsonb NOT NULL,
    UNIQUE (campaign_id, original_member_id, occasion, zone)
);
CREATE INDEX trigger_wait_due ON trigger_wait (due_at);
CREATE INDEX trigger_wait_by_member ON trigger_wait (member_id);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
