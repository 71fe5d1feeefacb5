"""Ledger, lots, members, tiers, orders, coupons, and the projection of the catalogue.

The service's role may read the ledger and call `post`, nothing else: what is booked stays booked.
"""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "0001"
down_revision = None

LEDGER = """
CREATE TABLE account (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    owner text NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    UNIQUE (kind, owner),
    CHECK (kind IN ('member', 'debt', 'issuing', 'honouring', 'breakage')),
    CONSTRAINT member_not_negative CHECK (kind <> 'member' OR balance >= 0),
    CONSTRAINT debt_not_positive CHECK (kind <> 'debt' OR balance <= 0)
) WITH (fillfactor = 70);
CREATE TABLE journal (
    journal_id uuid PRIMARY KEY,
    kind text NOT NULL,
    ref text NOT NULL,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    UNIQUE (kind, ref)
);
-- No foreign keys: `post` is the only writer and names what it has just written or found.
CREATE TABLE entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY,
    journal_id uuid NOT NULL,
    account_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (account_id, entry_id)  -- the one index that reading an account needs
);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();

-- A journal's entries come in one statement, so every statement must leave every journal at 0.
CREATE FUNCTION balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM booked GROUP BY journal_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a journal does not add up to 0' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON entry REFERENCING NEW TABLE AS booked
    FOR EACH STATEMENT EXECUTE FUNCTION balanced();

-- Books a micro-batch: opens missing accounts, locks all in id order, moves each balance once
-- (however many of the entries are its own), appends journals and entries.
CREATE FUNCTION post(
    posted timestamptz,
    journal_ids uuid[], kinds text[], refs text[], occurred timestamptz[],
    entry_journals uuid[], account_kinds text[], owners text[], amounts bigint[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    accounts bigint[];
BEGIN
    LOOP
        SELECT array_agg(a.account_id ORDER BY e.place) INTO accounts
        FROM unnest(account_kinds, owners) WITH ORDINALITY AS e (kind, owner, place)
        LEFT JOIN account a ON a.kind = e.kind AND a.owner = e.owner;
        EXIT WHEN array_position(accounts, NULL) IS NULL;
        INSERT INTO account (kind, owner)
        SELECT DISTINCT e.kind, e.owner
        FROM unnest(accounts, account_kinds, owners) AS e (account_id, kind, owner)
        WHERE e.account_id IS NULL ORDER BY e.kind, e.owner
        ON CONFLICT DO NOTHING;
    END LOOP;

    PERFORM FROM account WHERE account_id = ANY (accounts) ORDER BY account_id FOR UPDATE;
    UPDATE account a SET balance = a.balance + moved.amount
    FROM (
        SELECT e.account_id, sum(e.amount)::bigint AS amount
        FROM unnest(accounts, amounts) AS e (account_id, amount) GROUP BY e.account_id
    ) moved
    WHERE a.account_id = moved.account_id;

    INSERT INTO journal (journal_id, kind, ref, occurred_at, posted_at)
    SELECT j.*, posted FROM unnest(journal_ids, kinds, refs, occurred) AS j;
    INSERT INTO entry (journal_id, account_id, amount)
    SELECT * FROM unnest(entry_journals, accounts, amounts);
END $$;
-- It runs with its owner's rights: nothing but this schema may be found by its names.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION post SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE ALL ON FUNCTION post FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post TO huiyuan_points;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON account, journal, entry FROM huiyuan_points;
"""

POINTS = """
CREATE TABLE lot (
    lot_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    earned_by uuid NOT NULL,
    earned_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0),
    expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
    expired_at timestamptz,
    CHECK (remaining + expired <= points),
    CHECK (expired_at IS NULL OR remaining = 0)
);
CREATE INDEX lot_member ON lot (member_id, expires_at);
CREATE INDEX lot_due ON lot (expires_at) WHERE remaining > 0;
CREATE TABLE lot_use (
    journal_id uuid NOT NULL,
    lot_id uuid NOT NULL REFERENCES lot,
    points bigint NOT NULL CHECK (points > 0),
    restored bigint NOT NULL DEFAULT 0 CHECK (restored BETWEEN 0 AND points),
    PRIMARY KEY (journal_id, lot_id)
);
CREATE TABLE redemption (
    journal_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    store text,
    order_no text,
    reason text NOT NULL,
    burnt_at timestamptz NOT NULL
);
CREATE INDEX redemption_order ON redemption (order_no) WHERE order_no IS NOT NULL;
"""

MEMBERS = """
CREATE TABLE member (
    member_id uuid PRIMARY KEY,
    merged_into uuid,
    tier text NOT NULL,
    growth bigint NOT NULL CHECK (growth >= 0),
    referrals int NOT NULL,
    month date NOT NULL,
    month_fen bigint NOT NULL,
    previous_fen bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX member_merged ON member (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE growth_entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    ref text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX growth_entry_member ON growth_entry (member_id);
CREATE TABLE tier_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL,
    tier text NOT NULL,
    previous text NOT NULL,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX tier_change_member ON tier_change (member_id, change_id);
CREATE TABLE tier_ladder (ladder_id text PRIMARY KEY, definition jsonb NOT NULL);
"""

# Ladder A of a supermarket; month_spend is in fen, points_percent multiplies the paid yuan.
LADDER_A = """
INSERT INTO tier_ladder (ladder_id, definition) VALUES ('A', '{
    "name": "supermarket",
    "tiers": [
        {"name": "regular", "points_percent": 100, "conditions": []},
        {"name": "silver", "points_percent": 120, "conditions": [
            {"kind": "growth", "at_least": 500}]},
        {"name": "gold", "points_percent": 150, "conditions": [
            {"kind": "growth", "at_least": 1500}, {"kind": "month_spend", "at_least": 20000}]},
        {"name": "diamond", "points_percent": 200, "conditions": [
            {"kind": "growth", "at_least": 3000}, {"kind": "referrals", "at_least": 1}]}
    ]
}');
"""

ORDERS = """
CREATE TABLE orders (
    order_no text PRIMARY KEY,
    body_hash bytea NOT NULL,
    member_id uuid NOT NULL,
    store text NOT NULL,
    channel text NOT NULL,
    paid_at timestamptz NOT NULL,
    paid_fen bigint NOT NULL CHECK (paid_fen >= 0),
    items jsonb NOT NULL,
    coupons text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    journal_id uuid,
    points bigint NOT NULL,
    growth bigint NOT NULL,
    tier text NOT NULL,
    balance bigint NOT NULL,
    refunded_fen bigint NOT NULL DEFAULT 0,
    points_reversed bigint NOT NULL DEFAULT 0,
    growth_reversed bigint NOT NULL DEFAULT 0,
    CHECK (refunded_fen BETWEEN 0 AND paid_fen),
    CHECK (points_reversed BETWEEN 0 AND points),
    CHECK (growth_reversed BETWEEN 0 AND growth)
);
CREATE TABLE refund (
    order_no text NOT NULL REFERENCES orders,
    refund_no text NOT NULL,
    member_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    points_reversed bigint NOT NULL,
    points_restored bigint NOT NULL,
    growth_reversed bigint NOT NULL,
    tier text NOT NULL,
    balance bigint NOT NULL,
    refunded_at timestamptz NOT NULL,
    PRIMARY KEY (order_no, refund_no)
);
CREATE TABLE coupon (
    code text PRIMARY KEY,
    coupon_id uuid NOT NULL UNIQUE,
    member_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    percent_off int NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    order_no text,
    redeemed_at timestamptz
);
CREATE INDEX coupon_member ON coupon (member_id);
CREATE TABLE product (sku text PRIMARY KEY);
CREATE TABLE store (store_id text PRIMARY KEY);
"""


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    for script in (LEDGER, POINTS, MEMBERS, LADDER_A, ORDERS):
        run_sql(op, script)
