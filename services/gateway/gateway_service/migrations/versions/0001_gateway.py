"""Access, consents, quarantine, sandbox outbox and audit."""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "gateway_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE client (
    client_id text PRIMARY KEY,
    role text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE write_key (
    key_hash bytea PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
CREATE TABLE signing_key (
    kid text PRIMARY KEY,
    public_jwk jsonb NOT NULL,
    private_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE consent (
    member_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    granted boolean NOT NULL,
    notice_version text,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, purpose, channel)
);
CREATE TABLE merged_member (absorbed_id uuid PRIMARY KEY, survivor_id uuid NOT NULL);
CREATE INDEX merged_member_survivor ON merged_member (survivor_id);
CREATE TABLE quarantine (
    id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL,
    stage text NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    pointer text NOT NULL,
    payload text NOT NULL CHECK (payload LIKE 'hy1.%'),
    replayed_at timestamptz
);
CREATE INDEX quarantine_newest ON quarantine (received_at DESC, id DESC);
CREATE TABLE sandbox_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id uuid NOT NULL UNIQUE,
    member_id uuid NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL CHECK (recipient LIKE 'hy1.%'),
    text text NOT NULL CHECK (text LIKE 'hy1.%'),
    sent_at timestamptz NOT NULL
);
CREATE TABLE audit_entry (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    role text NOT NULL,
    subject text NOT NULL,
    purpose text NOT NULL,
    ticket text,
    operation text NOT NULL,
    members uuid[] NOT NULL,
    kinds text[] NOT NULL,
    trace_id text NOT NULL
);
CREATE INDEX audit_entry_newest ON audit_entry (at DESC, id DESC);
REVOKE UPDATE, DELETE ON audit_entry FROM huiyuan_gateway;
"""


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    run_sql(op, TABLES)
