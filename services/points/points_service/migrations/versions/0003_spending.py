"""Holds, transfers, rewards, and how points expire."""

from alembic import op

from chassis.migrations import run_sql

revision = "0003"
down_revision = "0002"

# Empty lots reach their date like others, so that what is given back later never revives them.
LOTS = """
ALTER TABLE lot ADD COLUMN moved_from uuid, ADD COLUMN depreciated_on date;
DROP INDEX lot_due;
CREATE INDEX lot_due ON lot (expires_at) WHERE expired_at IS NULL;
"""

HOLDS = """
CREATE TABLE hold (
    hold_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    account_owner uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    store text,
    order_no text,
    reason text NOT NULL,
    held_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'posted', 'voided', 'expired')),
    posted bigint NOT NULL DEFAULT 0,
    resolved_at timestamptz,
    CHECK (posted BETWEEN 0 AND points),
    CHECK ((status = 'posted') = (posted > 0)),
    CHECK ((status = 'open') = (resolved_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX hold_member ON hold (member_id, hold_id) WHERE status = 'open';
CREATE INDEX hold_due ON hold (expires_at) WHERE status = 'open';
"""

TRANSFERS = """
CREATE TABLE transfer (
    transfer_id uuid PRIMARY KEY,
    giver_id uuid NOT NULL,
    receiver_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    transferred_at timestamptz NOT NULL
);
CREATE INDEX transfer_giver ON transfer (giver_id, transferred_at);
CREATE INDEX transfer_receiver ON transfer (receiver_id, transferred_at);
"""

REWARDS = """
CREATE TABLE reward (
    reward_id text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('goods', 'coupon', 'service')),
    points bigint NOT NULL CHECK (points > 0),
    stock bigint CHECK (stock >= 0),
    taken bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
    member_limit bigint CHECK (member_limit > 0),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    tiers text[] NOT NULL,
    sku text,
    template_id uuid,
    CHECK (stock IS NULL OR taken <= stock),
    CHECK ((kind = 'coupon') = (template_id IS NOT NULL))
) WITH (fillfactor = 50);
CREATE TABLE reward_exchange (
    exchange_id uuid PRIMARY KEY,
    reward_id text NOT NULL REFERENCES reward,
    member_id uuid NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    points bigint NOT NULL CHECK (points > 0),
    store text,
    coupons text[] NOT NULL,
    exchanged_at timestamptz NOT NULL,
    cancelled_at timestamptz
);
CREATE INDEX reward_exchange_member ON reward_exchange (member_id, exchange_id);
"""

# `depreciation` keeps which days took how much, whatever the policies say later; `announcement` how
# far the announcing of a day has come (members in order of their ids).
EXPIRY = """
CREATE TABLE expiry_policy (
    policy_id text PRIMARY KEY,
    kind text NOT NULL,
    active bool NOT NULL,
    figures jsonb NOT NULL
);
INSERT INTO expiry_policy (policy_id, kind, active, figures) VALUES
    ('rolling', 'rolling', true, '{"months": 12}'),
    ('end-of-year', 'end_of_year', false, '{"years": 1}'),
    ('depreciation', 'depreciation', false, '{"percent": 20, "month": 12, "day": 31}');
CREATE TABLE depreciation (
    day date PRIMARY KEY,
    percent int NOT NULL CHECK (percent BETWEEN 1 AND 100)
);
CREATE TABLE announcement (
    day date NOT NULL,
    days_ahead int NOT NULL,
    told_to uuid NOT NULL,
    finished bool NOT NULL,
    PRIMARY KEY (day, days_ahead)
);
"""


def upgrade() -> None:
    """Create everything."""
    for script in (LOTS, HOLDS, TRANSFERS, REWARDS, EXPIRY):
        run_sql(op, script)
