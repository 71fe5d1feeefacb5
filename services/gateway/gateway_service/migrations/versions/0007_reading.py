"""Reading: stores members are known in, children, counted plain reads, approvals."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0007"
down_revision = "gateway_0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE known_store (
    member_id uuid NOT NULL,
    store_id text NOT NULL,
    PRIMARY KEY (member_id, store_id)
);
CREATE TABLE child (member_id uuid PRIMARY KEY, until date NOT NULL);
CREATE TABLE plain_read (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    at timestamptz NOT NULL,
    members integer NOT NULL
);
CREATE INDEX plain_read_subject ON plain_read (subject, at);
CREATE TABLE read_approval (
    approval_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    subject text NOT NULL,
    purpose text NOT NULL,
    ticket text NOT NULL,
    hours integer NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'granted', 'refused')),
    decided_by text CHECK (decided_by <> subject),
    decided_at timestamptz,
    until timestamptz
);
CREATE INDEX read_approval_newest ON read_approval (asked_at DESC, approval_id DESC);
CREATE INDEX read_approval_granted ON read_approval (subject, member_id) WHERE state = 'granted';
"""


def upgrade() -> None:
    """Empty: known from what is told from now on."""
    run_sql(op, TABLES)
