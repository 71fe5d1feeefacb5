"""Rights that members claim."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0009"
down_revision = "gateway_0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE rights_request (
    request_id uuid PRIMARY KEY,
    members uuid[] NOT NULL CHECK (cardinality(members) > 0),
    kind text NOT NULL,
    requested_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    by_role text NOT NULL,
    by_subject text NOT NULL,
    ticket text,
    state text NOT NULL CHECK (state IN ('open', 'answered', 'refused')),
    answered_at timestamptz,
    reason text,
    fields text[] NOT NULL,
    archive text CHECK (archive LIKE 'hy2.%'),
    archive_until timestamptz,
    CHECK ((state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX rights_request_members ON rights_request USING gin (members);
CREATE INDEX rights_request_newest ON rights_request (requested_at DESC, request_id DESC);
CREATE INDEX rights_request_open ON rights_request (due_at) WHERE state = 'open';
CREATE TABLE rights_answer (
    request_id uuid NOT NULL REFERENCES rights_request,
    service text NOT NULL,
    part int NOT NULL,
    parts int NOT NULL,
    sections jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, service, part)
);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(op, TABLES)
