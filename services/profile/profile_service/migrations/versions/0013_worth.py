"""What members are worth, by which terms, and how it was by month."""

from alembic import op

from chassis.migrations import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# `waiting` is true at first: forecasts that are there already are reckoned with.
SCRIPT = """
CREATE TABLE clv_terms (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    document jsonb,
    changed_by text,
    changed_at timestamptz,
    reckoned_at timestamptz,
    waiting boolean NOT NULL
);
INSERT INTO clv_terms (waiting) VALUES (true);
CREATE TABLE member_worth (
    subject_id bigint PRIMARY KEY,
    yearly_spend_fen bigint NOT NULL,
    margin double precision NOT NULL,
    yearly_profit_fen bigint NOT NULL,
    expected_years double precision NOT NULL,
    value_fen bigint NOT NULL,
    band text NOT NULL,
    falling boolean NOT NULL
);
CREATE TABLE clv_month (
    subject_id bigint NOT NULL,
    month date NOT NULL,
    value_fen bigint NOT NULL,
    PRIMARY KEY (subject_id, month)
);
CREATE INDEX clv_month_month ON clv_month (month);
"""


def upgrade() -> None:
    """Create them."""
    run_sql(op, SCRIPT)
