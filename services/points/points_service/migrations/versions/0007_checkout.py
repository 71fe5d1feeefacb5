"""What orders and refunds need beyond sums: lines, tender, holds."""

from alembic import op

from chassis.migrations import run_sql

revision = "0007"
down_revision = "0006"

SCHEMA = """
-- What is null was not said: most orders name no quote, hold or payer.
ALTER TABLE orders
    ADD delivery_fen bigint NOT NULL DEFAULT 0,
    ADD pays jsonb,      -- fen paid by line; null: in proportion to the lines' amounts
    ADD tender jsonb,    -- [[kind, fen], …]
    ADD quote_id uuid,
    ADD hold_id uuid,
    ADD payer text;      -- blind index
CREATE INDEX orders_payer ON orders (payer) WHERE payer IS NOT NULL;
ALTER TABLE refund
    ADD items jsonb,     -- [[line, pieces, fen], …]; null: by amount
    ADD reason text,
    ADD coupons text[] NOT NULL DEFAULT '{}';
CREATE TABLE quote (
    quote_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    store text NOT NULL,
    channel text NOT NULL,
    lines jsonb NOT NULL,    -- [[sku, quantity, listed fen, paid fen], …]
    delivery_fen bigint NOT NULL,
    coupons jsonb NOT NULL,  -- [[code, fen taken off], …]
    points bigint NOT NULL,
    to_pay_fen bigint NOT NULL CHECK (to_pay_fen >= 0),
    valid_until timestamptz NOT NULL,
    order_no text
);
CREATE INDEX quote_member ON quote (member_id);
CREATE INDEX quote_unused ON quote (valid_until) WHERE order_no IS NULL;
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
