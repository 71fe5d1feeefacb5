"""Segments: which conditions are true of whom, and who is therefore in which segment."""

from alembic import op

from chassis.migrations import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# `standing_version` grows with every change, in the sequence of commits (one writer at a time).
STANDING = """
CREATE SEQUENCE standing_version;
CREATE SEQUENCE standing_ordinal AS int;
CREATE TABLE condition (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE);
CREATE TABLE standing (
    subject_id bigint PRIMARY KEY,
    ordinal int NOT NULL UNIQUE DEFAULT nextval('standing_ordinal'),
    conditions int[] NOT NULL,
    segments int[] NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX standing_by_version ON standing (version);
CREATE TABLE standing_gone (ordinal int PRIMARY KEY, version bigint NOT NULL);
CREATE INDEX standing_gone_by_version ON standing_gone (version);
"""

SEGMENTS = """
CREATE TABLE segment (
    segment_id uuid PRIMARY KEY,
    number int GENERATED ALWAYS AS IDENTITY UNIQUE,
    version int NOT NULL
);
CREATE TABLE segment_version (
    segment_id uuid NOT NULL REFERENCES segment,
    version int NOT NULL,
    name text NOT NULL,
    definition jsonb,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (segment_id, version)
);
CREATE TABLE segment_list (
    segment_id uuid NOT NULL REFERENCES segment,
    subject_id bigint NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (segment_id, subject_id)
);
CREATE INDEX segment_list_subject ON segment_list (subject_id);
"""

PROJECTIONS = """
CREATE TABLE member_tier (
    subject_id bigint PRIMARY KEY,
    tier text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE TABLE member_consent (
    subject_id bigint NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    granted boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (subject_id, purpose, channel)
);
CREATE INDEX member_consent_purpose ON member_consent (purpose, channel) WHERE granted;
"""

# Everybody is looked at once more, and so gets a place.
TOUCH = "INSERT INTO touched (subject_id) SELECT subject_id FROM member;"


def upgrade() -> None:
    """Create them."""
    for script in (STANDING, SEGMENTS, PROJECTIONS, TOUCH):
        run_sql(op, script)
