"""Tags as data: documents by version, their way through the members, and flips to be looked at."""

from alembic import op

from chassis.migrations import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE tag_rule (
    tag text NOT NULL,
    version int NOT NULL,
    document jsonb NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    upto bigint NOT NULL DEFAULT 0,
    done int NOT NULL DEFAULT 0,
    finished_at timestamptz,
    PRIMARY KEY (tag, version)
);
CREATE TABLE tag_review (
    review_id uuid PRIMARY KEY,
    subject_id bigint NOT NULL,
    tag text NOT NULL,
    before text,
    confidence double precision NOT NULL,
    flipped_at timestamptz NOT NULL,
    decision text,
    decided_by text,
    decided_at timestamptz
);
CREATE UNIQUE INDEX tag_review_open ON tag_review (subject_id, tag) WHERE decision IS NULL;
CREATE INDEX tag_review_waiting ON tag_review (flipped_at, review_id) WHERE decision IS NULL;
CREATE TABLE tag_pin (
    subject_id bigint NOT NULL,
    tag text NOT NULL,
    value text,
    confidence double precision NOT NULL,
    until date NOT NULL,
    PRIMARY KEY (subject_id, tag)
);
INSERT INTO touched (subject_id) SELECT subject_id FROM member;
"""


def upgrade() -> None:
    """Create them; everybody is looked at once more, for the tags that are new."""
    run_sql(op, SCRIPT)
