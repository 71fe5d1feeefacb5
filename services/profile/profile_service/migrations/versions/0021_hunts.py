"""What cleaning corrected, and what searches for double members found, in counts."""

from alembic import op

from chassis.migrations import run_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE correction_day (
    day date NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (day, field, rule)
);
CREATE TABLE duplicate_hunt (
    hunted_at timestamptz PRIMARY KEY,
    found bigint NOT NULL,
    merged bigint NOT NULL,
    reviews_new bigint NOT NULL,
    reviews_open bigint NOT NULL
);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
