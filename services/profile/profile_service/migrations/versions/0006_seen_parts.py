"""What was collected before, in parts of bounded size."""

from alembic import op

from chassis.migrations import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCRIPT = """
ALTER TABLE seen RENAME TO seen_by_week;
ALTER INDEX seen_pkey RENAME TO seen_by_week_pkey;
CREATE TABLE seen (
    message_key bigint NOT NULL,
    week date NOT NULL,
    part int NOT NULL,
    PRIMARY KEY (message_key, week, part)
) PARTITION BY RANGE (week, part);
CREATE TABLE seen_part (
    week date NOT NULL,
    part int NOT NULL,
    size int NOT NULL,
    PRIMARY KEY (week, part)
) WITH (fillfactor = 50);
CREATE FUNCTION add_seen_part(week date, part int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF seen FOR VALUES FROM (%L, %s) TO (%L, %s)',
        'seen_' || to_char(week, 'YYYYMMDD') || '_' || part, week, part, week, part + 1
    );
    INSERT INTO seen_part VALUES (week, part, 0) ON CONFLICT DO NOTHING;
END $$;
SELECT add_seen_part(week, 0) FROM (SELECT DISTINCT week FROM seen_by_week) AS known;
INSERT INTO seen SELECT message_key, week, 0 FROM seen_by_week;
UPDATE seen_part SET size = (SELECT count(*) FROM seen WHERE seen.week = seen_part.week);
DROP TABLE seen_by_week;
"""


def upgrade() -> None:
    """Make them, and move what is known."""
    run_sql(op, SCRIPT)
