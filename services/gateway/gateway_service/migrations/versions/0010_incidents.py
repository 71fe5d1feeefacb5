"""Incidents; what the nightly retention looks rows up by."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0010"
down_revision = "gateway_0009"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE incident (
    incident_id uuid PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    request jsonb NOT NULL,
    done text[] NOT NULL,
    finished_at timestamptz
);
CREATE INDEX incident_unfinished ON incident (opened_at) WHERE finished_at IS NULL;
CREATE TABLE incident_member (
    incident_id uuid NOT NULL REFERENCES incident,
    member_id uuid NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (incident_id, member_id, source)
);
CREATE INDEX sandbox_outbox_by_time ON sandbox_outbox USING brin (sent_at);
CREATE INDEX token_family_by_time ON token_family USING brin (expires_at);
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCRIPT)
