"""The KPI board: what it counts, what it counted, targets, reports."""

from alembic import op

from chassis.migrations import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE kpi_order (
    order_no text PRIMARY KEY,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    paid_at timestamptz NOT NULL,
    day date NOT NULL,
    store text NOT NULL,
    channel text NOT NULL,
    paid_fen bigint NOT NULL,
    refunded_fen bigint NOT NULL DEFAULT 0,
    segments uuid[] NOT NULL
);
CREATE INDEX kpi_order_by_day ON kpi_order (day);
CREATE INDEX kpi_order_by_member ON kpi_order (member_id, paid_at);
CREATE INDEX kpi_order_by_original ON kpi_order (original_member_id);
CREATE TABLE kpi_refund (
    order_no text,
    refund_no text,
    refund_fen bigint NOT NULL,
    refunded_at timestamptz NOT NULL,
    PRIMARY KEY (order_no, refund_no)
);
CREATE TABLE kpi_contact (
    delivery_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    day date NOT NULL,
    channel text NOT NULL,
    cost_fen int NOT NULL,
    reached boolean NOT NULL,
    segments uuid[] NOT NULL
);
CREATE INDEX kpi_contact_by_day ON kpi_contact (day);
CREATE INDEX kpi_contact_by_member ON kpi_contact (member_id, sent_at);
CREATE INDEX kpi_contact_by_original ON kpi_contact (original_member_id);
CREATE TABLE kpi_due (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    day date NOT NULL
);
CREATE INDEX kpi_due_by_day ON kpi_due (source, day);
CREATE TABLE kpi_fact (
    source text,
    by text,
    day date,
    key text,
    figures bigint[] NOT NULL,
    behind bigint NOT NULL,
    PRIMARY KEY (source, by, day, key)
);
CREATE INDEX kpi_fact_by_day ON kpi_fact (by, day);
CREATE TABLE kpi_name (by text, key text, name text NOT NULL, PRIMARY KEY (by, key));
CREATE TABLE kpi_targets (
    version int PRIMARY KEY,
    document jsonb NOT NULL,
    note text,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE TABLE kpi_report (
    week date PRIMARY KEY,
    document jsonb NOT NULL,
    written_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Counting begins with what is told from now on."""
    run_sql(op, SCRIPT)
