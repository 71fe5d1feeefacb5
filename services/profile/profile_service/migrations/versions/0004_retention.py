"""Old activities and purchases go by partition; whose a subject is, for who must be told."""

from alembic import op

from chassis.migrations import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE FUNCTION drop_partitions_before(parent text, before timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE old regclass;
BEGIN
    IF parent NOT IN ('activity', 'purchase') THEN
        RAISE EXCEPTION 'not a table that is kept by partition';
    END IF;
    FOR old IN
        SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = parent::regclass AND relname <> parent || '_default'
        AND relname < parent || '_' || to_char(before AT TIME ZONE 'UTC', 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE %s', old);
    END LOOP;
END $$;
CREATE VIEW subject_member AS
SELECT s.id AS key, coalesce(s.member_id, r.member_id) AS member_id
FROM subject s LEFT JOIN subject r ON r.id = s.root;
CREATE INDEX activity_day_by_day ON activity_day USING brin (day);
CREATE INDEX refund_by_time ON refund USING brin (refunded_at);
"""


def upgrade() -> None:
    """Create the function, the view and what the nightly job looks rows up by."""
    run_sql(op, SCRIPT)
