"""Clusters that the data shows, and who is in which."""

from alembic import op

from chassis.migrations import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE SEQUENCE cluster_number AS int;
CREATE TABLE clustering (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    waiting boolean NOT NULL,
    found_at timestamptz,
    report jsonb
);
INSERT INTO clustering (waiting) VALUES (false);
CREATE TABLE cluster (
    number int PRIMARY KEY,
    segment_id uuid NOT NULL REFERENCES segment,
    zh text NOT NULL,
    en text NOT NULL,
    described_zh text NOT NULL,
    described_en text NOT NULL,
    size int NOT NULL,
    traits jsonb NOT NULL,
    since timestamptz NOT NULL
);
CREATE TABLE member_cluster (subject_id bigint PRIMARY KEY, cluster int NOT NULL);
CREATE INDEX member_cluster_cluster ON member_cluster (cluster);
"""


def upgrade() -> None:
    """Create them."""
    run_sql(op, SCRIPT)
