"""Surveys, invitations, answers."""

from alembic import op

from chassis.migrations import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE survey (
    survey_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    key text NOT NULL UNIQUE,
    document jsonb NOT NULL,
    touchpoint text NOT NULL,
    open boolean NOT NULL DEFAULT false,
    author text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE survey_invitation (
    invitation_id uuid PRIMARY KEY,
    survey_id uuid NOT NULL REFERENCES survey,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    store text,
    status text NOT NULL DEFAULT 'waiting'
        CHECK (status IN ('waiting', 'requested', 'sent', 'refused')),
    invited_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX survey_invitation_by_member ON survey_invitation (member_id, invited_at);
CREATE INDEX survey_invitation_due ON survey_invitation (due_at) WHERE status = 'waiting';
CREATE INDEX survey_invitation_by_survey ON survey_invitation (survey_id, invited_at);
CREATE TABLE survey_answer (
    invitation_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    survey_id uuid NOT NULL REFERENCES survey,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    measure text,
    score int,
    answers jsonb NOT NULL,
    answered_at timestamptz NOT NULL
);
CREATE INDEX survey_answer_by_member ON survey_answer (member_id);
CREATE INDEX survey_answer_by_survey ON survey_answer (survey_id, answered_at);
"""


def upgrade() -> None:
    """Add the tables; what ships is put in as the service starts."""
    run_sql(op, SCRIPT)
