"""Figures: what was given to data operators, and the budget of noise."""

from alembic import op

from chassis.migrations import run_sql

revision = "gateway_0008"
down_revision = "gateway_0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE given_figure (
    key text NOT NULL,
    value bigint NOT NULL,
    gap bigint NOT NULL CHECK (gap > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (key, value)
);
CREATE TABLE figure_budget (month date PRIMARY KEY, spent double precision NOT NULL);
"""


def upgrade() -> None:
    """Empty: nothing has been given yet."""
    run_sql(op, TABLES)
