"""The profile schema."""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SUBJECTS = """
CREATE SEQUENCE subject_id;
CREATE TABLE subject (
    id bigint PRIMARY KEY DEFAULT nextval('subject_id'),
    member_id uuid UNIQUE,
    index text UNIQUE,
    parent bigint REFERENCES subject,
    linked_at timestamptz,
    root bigint NOT NULL,
    CHECK (num_nonnulls(member_id, index) = 1),
    CHECK (parent IS NOT NULL OR root = id)
);
CREATE INDEX subject_root ON subject (root);
CREATE TABLE member (
    subject_id bigint PRIMARY KEY REFERENCES subject,
    registered_at timestamptz NOT NULL,
    channel text,
    gender text,
    birth_year int,
    birth_month int,
    city text,
    language text NOT NULL
);
CREATE TABLE touched (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_id bigint NOT NULL
);
"""

ACTIVITIES = """
CREATE TABLE seen (
    message_key bigint NOT NULL,
    week date NOT NULL,
    PRIMARY KEY (message_key, week)
) PARTITION BY RANGE (week);
CREATE TABLE activity (
    subject_id bigint,
    occurred_at timestamptz NOT NULL,
    message_key bigint NOT NULL,
    event text NOT NULL,
    channel text,
    properties jsonb NOT NULL
) PARTITION BY RANGE (occurred_at);
CREATE INDEX activity_subject ON activity (subject_id, occurred_at);
CREATE TABLE activity_default PARTITION OF activity DEFAULT;
CREATE TABLE activity_day (
    subject_id bigint NOT NULL,
    day date NOT NULL,
    event text NOT NULL,
    channel text NOT NULL,
    n int NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (subject_id, day, event, channel)
) WITH (fillfactor = 80);
CREATE TABLE trait (
    subject_id bigint NOT NULL,
    name text NOT NULL,
    value jsonb,
    occurred_at timestamptz NOT NULL,
    message_key bigint NOT NULL,
    PRIMARY KEY (subject_id, name)
);
"""

PURCHASES = """
CREATE TABLE purchase (
    order_no text NOT NULL,
    paid_at timestamptz NOT NULL,
    subject_id bigint NOT NULL,
    store_id text NOT NULL,
    channel text NOT NULL,
    paid_fen bigint NOT NULL,
    coupons int NOT NULL,
    skus text[] NOT NULL,
    quantities int[] NOT NULL,
    amounts_fen int[] NOT NULL,
    PRIMARY KEY (order_no, paid_at)
) PARTITION BY RANGE (paid_at);
CREATE INDEX purchase_subject ON purchase (subject_id, paid_at);
CREATE TABLE purchase_default PARTITION OF purchase DEFAULT;
CREATE VIEW purchase_line AS
    SELECT order_no, paid_at, subject_id, store_id, channel, line, sku, quantity, amount_fen
    FROM purchase, unnest(skus, quantities, amounts_fen) WITH ORDINALITY
        AS lines (sku, quantity, amount_fen, line);
CREATE TABLE refund (
    order_no text NOT NULL,
    refund_no text NOT NULL,
    subject_id bigint NOT NULL,
    refunded_at timestamptz NOT NULL,
    refund_fen bigint NOT NULL,
    PRIMARY KEY (order_no, refund_no)
);
CREATE TABLE spending (
    subject_id bigint PRIMARY KEY,
    orders int NOT NULL DEFAULT 0,
    lines int NOT NULL DEFAULT 0,
    paid_fen bigint NOT NULL DEFAULT 0,
    refunded_fen bigint NOT NULL DEFAULT 0,
    coupon_orders int NOT NULL DEFAULT 0,
    first_at timestamptz,
    last_at timestamptz,
    previous_at timestamptz,
    parts jsonb NOT NULL DEFAULT '{"channel": {}, "daypart": {}, "department": {}}'
) WITH (fillfactor = 60);
"""

TAGS = """
CREATE TABLE member_tags (
    subject_id bigint PRIMARY KEY,
    tags jsonb NOT NULL,
    review_on date
) WITH (fillfactor = 60);
CREATE INDEX member_tags_review ON member_tags (review_on);
CREATE TABLE population (
    measured_at timestamptz PRIMARY KEY,
    frequency_lower double precision NOT NULL,
    frequency_upper double precision NOT NULL,
    monetary_lower double precision NOT NULL,
    monetary_upper double precision NOT NULL,
    high_value double precision NOT NULL
);
"""

CATALOGUE = """
CREATE TABLE catalogue (id int PRIMARY KEY CHECK (id = 1), version bigint NOT NULL);
INSERT INTO catalogue VALUES (1, 0);
CREATE TABLE product (
    sku text PRIMARY KEY,
    name text,
    department text,
    category text,
    brand text,
    version bigint NOT NULL
);
CREATE INDEX product_version ON product (version);
CREATE TABLE store (store_id text PRIMARY KEY, name text, city text);
"""

# The service's own role may not create or drop tables: these two do it for it, and nothing else.
PARTITIONS = """
CREATE FUNCTION add_partition(parent text, suffix text, low text, high text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF parent NOT IN ('activity', 'purchase', 'seen') THEN
        RAISE EXCEPTION 'not a partitioned table';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('profile:partitions'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        parent || '_' || suffix, parent, low, high
    );
END $$;
CREATE FUNCTION drop_seen_before(suffix text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE old regclass;
BEGIN
    FOR old IN
        SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'seen'::regclass AND relname < 'seen_' || suffix
    LOOP
        EXECUTE format('DROP TABLE %s', old);
    END LOOP;
END $$;
"""

# Plans made while a table was empty would be kept while it fills up; ours are few and set-based,
# so planning each time costs little.
PLANS = "ALTER ROLE huiyuan_profile SET plan_cache_mode = force_custom_plan;"


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    for script in (SUBJECTS, ACTIVITIES, PURCHASES, TAGS, CATALOGUE, PARTITIONS, PLANS):
        run_sql(op, script)
