"""How good the data are: what was put aside, how long messages took, and the weeks' reports."""

from alembic import op

from chassis.migrations import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE quarantine_day (
    day date NOT NULL,
    stage text NOT NULL,
    reason text NOT NULL,
    pointer text NOT NULL,
    put_aside bigint NOT NULL,
    replayed bigint NOT NULL,
    PRIMARY KEY (day, stage, reason, pointer)
);
CREATE TABLE collect_delay (
    day date PRIMARY KEY,
    messages bigint NOT NULL,
    late bigint NOT NULL,
    worst_ms bigint NOT NULL
);
CREATE TABLE quality_report (
    week date PRIMARY KEY,
    made_at timestamptz NOT NULL,
    light text NOT NULL,
    report jsonb NOT NULL
);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
