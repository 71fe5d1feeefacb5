"""Decisions in few bytes, messages with caps of any size, what campaigns spent as one row each."""

from alembic import op

from chassis.migrations import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE verdict_set (
    verdict_set bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    checks jsonb NOT NULL
);
INSERT INTO verdict_set (digest, checks)
    SELECT DISTINCT sha256(checks::text::bytea), checks FROM contact_decision;
ALTER TABLE contact_decision
    ADD COLUMN arm text NOT NULL DEFAULT 'treated',
    ADD COLUMN eligible boolean NOT NULL DEFAULT true,
    ADD COLUMN channel text,
    ADD COLUMN verdict_set bigint REFERENCES verdict_set;
UPDATE contact_decision SET verdict_set = v.verdict_set FROM verdict_set v
    WHERE v.digest = sha256(contact_decision.checks::text::bytea);
UPDATE contact_decision SET arm = 'control' WHERE outcome = 'control';
UPDATE contact_decision SET eligible = false WHERE outcome = 'skipped'
    AND NOT checks @> '[{"check": "control_group", "passed": true}]';
UPDATE contact_decision c SET channel = d.channel FROM delivery d
    WHERE d.delivery_id = c.delivery_id;
ALTER TABLE contact_decision
    ALTER COLUMN arm DROP DEFAULT, ALTER COLUMN eligible DROP DEFAULT,
    ALTER COLUMN verdict_set SET NOT NULL, DROP COLUMN checks;

DROP INDEX delivery_one_a_day;
ALTER TABLE delivery
    ADD COLUMN purpose text NOT NULL DEFAULT 'marketing',
    ADD COLUMN stale_at timestamptz,
    DROP CONSTRAINT delivery_coupon_code_key;
ALTER TABLE delivery ALTER COLUMN purpose DROP DEFAULT;
CREATE UNIQUE INDEX delivery_coupon ON delivery (coupon_code) WHERE coupon_code IS NOT NULL;
DROP INDEX delivery_campaign;
CREATE INDEX delivery_waiting ON delivery (campaign_id) WHERE status = 'held';

CREATE TABLE decision_progress (
    campaign_id uuid PRIMARY KEY REFERENCES campaign,
    day date NOT NULL,
    after uuid NOT NULL
);
CREATE TABLE campaign_spend (
    campaign_id uuid PRIMARY KEY REFERENCES campaign,
    committed_fen bigint NOT NULL,
    messages bigint NOT NULL
);
CREATE FUNCTION costs_something(status text, sent_at timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$
    SELECT status IN ('held', 'requested', 'sent', 'delivered', 'unknown')
        OR (status = 'failed' AND sent_at IS NOT NULL)
$$;
CREATE FUNCTION spend_on_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaign_spend
        SELECT campaign_id, sum(cost_fen), count(*) FROM fresh
        WHERE costs_something(status, sent_at) GROUP BY campaign_id ORDER BY campaign_id
        ON CONFLICT (campaign_id)
        DO UPDATE SET committed_fen = campaign_spend.committed_fen + excluded.committed_fen,
            messages = campaign_spend.messages + excluded.messages;
    RETURN NULL;
END $$;
CREATE FUNCTION spend_on_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaign_spend
        SELECT campaign_id, sum(fen), sum(n) FROM (
            SELECT campaign_id, cost_fen AS fen, 1 AS n FROM fresh
            WHERE costs_something(status, sent_at)
            UNION ALL
            SELECT campaign_id, -cost_fen, -1 FROM former WHERE costs_something(status, sent_at)
        ) AS moved GROUP BY campaign_id HAVING sum(fen) <> 0 OR sum(n) <> 0 ORDER BY campaign_id
        ON CONFLICT (campaign_id)
        DO UPDATE SET committed_fen = campaign_spend.committed_fen + excluded.committed_fen,
            messages = campaign_spend.messages + excluded.messages;
    RETURN NULL;
END $$;
INSERT INTO campaign_spend
    SELECT campaign_id, sum(cost_fen), count(*) FROM delivery
    WHERE costs_something(status, sent_at)
    GROUP BY campaign_id;
CREATE TRIGGER delivery_new AFTER INSERT ON delivery REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION spend_on_new();
CREATE TRIGGER delivery_changed AFTER UPDATE ON delivery
    REFERENCING OLD TABLE AS former NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION spend_on_change();
"""


def upgrade() -> None:
    """What was decided keeps its checks."""
    run_sql(op, SCRIPT)
