"""Members whose behaviour is not collected; how often members were erased."""

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"

SCRIPT = """
CREATE TABLE refusal (subject_id bigint PRIMARY KEY, refused_at timestamptz NOT NULL);
CREATE TABLE erasures (one boolean PRIMARY KEY DEFAULT true CHECK (one), n bigint NOT NULL);
INSERT INTO erasures (n) VALUES (0);
-- How often members were erased. Whoever asks may rely on it until the end of its transaction: the
-- next erasure waits for it. (A volatile function's query sees what has been waited for.)
CREATE FUNCTION erasures_so_far() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('profile:erasures'));
    RETURN (SELECT n FROM erasures);
END $$;
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
