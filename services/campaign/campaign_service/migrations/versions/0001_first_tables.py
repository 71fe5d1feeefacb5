"""First tables: campaigns, members, decisions, deliveries, measurement."""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE campaign (
    campaign_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL UNIQUE,
    scenario text NOT NULL,
    channel text NOT NULL,
    audience jsonb NOT NULL,
    percent_off int NOT NULL CHECK (percent_off BETWEEN 1 AND 90),
    valid_days int NOT NULL CHECK (valid_days > 0),
    control_share float8 NOT NULL CHECK (control_share BETWEEN 0 AND 0.5),
    starts_on date,
    ends_on date,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    budget_fen bigint NOT NULL CHECK (budget_fen >= 0),
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    approver text CHECK (approver <> author),
    status text NOT NULL CHECK
        (status IN ('planned', 'submitted', 'approved', 'launched', 'paused', 'finished')),
    version int NOT NULL,
    CHECK (status NOT IN ('approved', 'launched', 'paused', 'finished') OR approver IS NOT NULL)
);
CREATE INDEX campaign_seq ON campaign (seq);
CREATE TABLE campaign_step (
    campaign_id uuid NOT NULL REFERENCES campaign,
    version int NOT NULL,
    action text NOT NULL,
    status text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    note text,
    PRIMARY KEY (campaign_id, version)
);
CREATE TABLE member (
    member_id uuid PRIMARY KEY,
    registered_at timestamptz,
    language text NOT NULL DEFAULT 'zh',
    last_order_at timestamptz,
    orders int NOT NULL DEFAULT 0
);
CREATE INDEX member_last_order ON member (last_order_at);
CREATE TABLE member_alias (absorbed_id uuid PRIMARY KEY, survivor_id uuid NOT NULL);
CREATE INDEX ix_member_alias_survivor_id ON member_alias (survivor_id);
CREATE TABLE contact_decision (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    lapse timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('message', 'control', 'skipped')),
    checks jsonb NOT NULL,
    delivery_id uuid,
    measured_at timestamptz,
    orders int NOT NULL DEFAULT 0,
    revenue_fen bigint NOT NULL DEFAULT 0,
    UNIQUE (campaign_id, original_member_id, lapse)
);
CREATE INDEX contact_decision_member ON contact_decision (member_id, campaign_id, lapse);
CREATE INDEX contact_decision_unmeasured ON contact_decision (decided_at)
    WHERE measured_at IS NULL;
CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    member_id uuid NOT NULL,
    original_member_id uuid NOT NULL,
    language text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL CHECK
        (status IN ('held', 'requested', 'sent', 'refused', 'withdrawn')),
    reason text,
    day date NOT NULL,
    due_at timestamptz NOT NULL,
    requested_at timestamptz,
    sent_at timestamptz,
    cost_fen int NOT NULL,
    coupon_code text UNIQUE
);
CREATE INDEX delivery_member ON delivery (member_id, day);
CREATE INDEX delivery_campaign ON delivery (campaign_id);
CREATE INDEX delivery_held ON delivery (due_at) WHERE status = 'held';
CREATE UNIQUE INDEX delivery_one_a_day ON delivery (original_member_id, day)
    WHERE status <> 'withdrawn';
CREATE TABLE purchase (
    order_no text PRIMARY KEY,
    member_id uuid NOT NULL,
    paid_at timestamptz NOT NULL,
    paid_fen bigint NOT NULL
);
CREATE INDEX purchase_member ON purchase (member_id, paid_at);
CREATE INDEX purchase_time ON purchase USING brin (paid_at);
CREATE TABLE redemption (
    coupon_code text NOT NULL,
    order_no text NOT NULL,
    campaign_id uuid NOT NULL REFERENCES campaign,
    paid_at timestamptz NOT NULL,
    paid_fen bigint NOT NULL,
    PRIMARY KEY (coupon_code, order_no)
);
CREATE INDEX redemption_campaign ON redemption (campaign_id);
"""


def upgrade() -> None:
    """Create them."""
    create_chassis_tables(op)
    run_sql(op, TABLES)
