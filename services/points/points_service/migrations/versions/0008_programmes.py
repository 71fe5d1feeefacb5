"""Partners, settlements, packages, stored value, paid memberships, published rules."""

from alembic import op

from chassis.migrations import run_sql

revision = "0008"
down_revision = "0007"

PARTNERS = """
CREATE TABLE partner (partner_id text PRIMARY KEY, definition jsonb NOT NULL);
CREATE TABLE exchange (
    exchange_id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    partner_ref text NOT NULL,
    member_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    units bigint NOT NULL CHECK (units > 0),
    balance bigint NOT NULL,
    exchanged_at timestamptz NOT NULL,
    reversed_at timestamptz,
    reversal_id uuid,
    number bigint GENERATED ALWAYS AS IDENTITY,
    UNIQUE (partner_id, partner_ref),
    CHECK ((reversed_at IS NULL) = (reversal_id IS NULL))
);
CREATE INDEX exchange_member ON exchange (member_id, number);
-- Counted in a row of its own, because a limit over all members must hold for all who call at once.
CREATE TABLE exchange_month (
    partner_id text NOT NULL REFERENCES partner,
    direction text NOT NULL,
    month date NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    PRIMARY KEY (partner_id, direction, month)
);
CREATE TABLE settlement (
    month date PRIMARY KEY,
    closed_at timestamptz NOT NULL,
    points_per_yuan int NOT NULL
);
CREATE TABLE settlement_line (
    month date NOT NULL REFERENCES settlement,
    kind text NOT NULL,
    owner text NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    PRIMARY KEY (month, kind, owner)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON settlement, settlement_line FROM huiyuan_points;
"""

PACKAGES = """
CREATE TABLE package (package_id text PRIMARY KEY, definition jsonb NOT NULL);
CREATE TABLE package_purchase (
    purchase_id uuid PRIMARY KEY,
    package_id text NOT NULL REFERENCES package,
    member_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    fen bigint NOT NULL CHECK (fen >= 0),
    tender text NOT NULL,
    bought_at timestamptz NOT NULL
);
CREATE INDEX package_purchase_member ON package_purchase (member_id, purchase_id);
CREATE TABLE package_voucher (
    code text PRIMARY KEY,
    purchase_id uuid NOT NULL REFERENCES package_purchase,
    component_id text NOT NULL,
    partner_id text NOT NULL REFERENCES partner,
    points bigint NOT NULL CHECK (points >= 0),
    fen bigint NOT NULL CHECK (fen >= 0),
    valid_until timestamptz NOT NULL,
    redeemed_at timestamptz,
    refunded_at timestamptz,
    UNIQUE (purchase_id, component_id),
    CHECK (redeemed_at IS NULL OR refunded_at IS NULL)
);
"""

STORED_VALUE = """
CREATE TABLE bonus_rule (rule_id text PRIMARY KEY, definition jsonb NOT NULL);
CREATE TABLE stored_value (
    account_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    opened_at timestamptz NOT NULL
);
CREATE INDEX stored_value_member ON stored_value (member_id);
CREATE TABLE stored_top_up (
    top_up_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES stored_value,
    number int NOT NULL,  -- of the account's; the oldest goes first
    tender text NOT NULL,
    rule_id text,
    merchant text NOT NULL,
    principal bigint NOT NULL CHECK (principal > 0),
    bonus bigint NOT NULL CHECK (bonus >= 0),
    principal_left bigint NOT NULL CHECK (principal_left >= 0),
    bonus_left bigint NOT NULL CHECK (bonus_left >= 0),
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    bonus_taken bigint NOT NULL DEFAULT 0 CHECK (bonus_taken >= 0),
    topped_up_at timestamptz NOT NULL,
    UNIQUE (account_id, number),
    CHECK (principal_left + refunded <= principal),
    CHECK (bonus_left + bonus_taken <= bonus)
);
CREATE TABLE stored_spend (
    spend_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES stored_value,
    store text NOT NULL,
    order_no text NOT NULL,
    principal bigint NOT NULL CHECK (principal >= 0),
    bonus bigint NOT NULL CHECK (bonus >= 0),
    principal_back bigint NOT NULL DEFAULT 0 CHECK (principal_back BETWEEN 0 AND principal),
    bonus_back bigint NOT NULL DEFAULT 0 CHECK (bonus_back BETWEEN 0 AND bonus),
    spent_at timestamptz NOT NULL
);
CREATE INDEX stored_spend_account ON stored_spend (account_id);
CREATE TABLE stored_use (
    spend_id uuid NOT NULL REFERENCES stored_spend,
    top_up_id uuid NOT NULL REFERENCES stored_top_up,
    principal bigint NOT NULL CHECK (principal >= 0),
    bonus bigint NOT NULL CHECK (bonus >= 0),
    principal_back bigint NOT NULL DEFAULT 0 CHECK (principal_back BETWEEN 0 AND principal),
    bonus_back bigint NOT NULL DEFAULT 0 CHECK (bonus_back BETWEEN 0 AND bonus),
    PRIMARY KEY (spend_id, top_up_id)
);
CREATE TABLE stored_line (
    line_id bigint GENERATED ALWAYS AS IDENTITY,
    account_id uuid NOT NULL REFERENCES stored_value,
    kind text NOT NULL CHECK (kind IN ('top_up', 'spend', 'refund', 'reversal')),
    journal_id uuid NOT NULL,
    ref text,
    principal bigint NOT NULL,
    bonus bigint NOT NULL,
    principal_balance bigint NOT NULL CHECK (principal_balance >= 0),
    bonus_balance bigint NOT NULL CHECK (bonus_balance >= 0),
    store text,
    order_no text,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, line_id)
);
"""

MEMBERSHIPS = """
CREATE TABLE membership_plan (plan_id text PRIMARY KEY, definition jsonb NOT NULL);
CREATE TABLE paid_membership (
    membership_id uuid PRIMARY KEY,
    plan_id text NOT NULL REFERENCES membership_plan,
    member_id uuid NOT NULL,
    plan jsonb NOT NULL,
    tender text NOT NULL,
    fee_fen bigint NOT NULL CHECK (fee_fen > 0),
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on > starts_on),
    notice_on date NOT NULL CHECK (notice_on <= ends_on - 5),
    renews uuid REFERENCES paid_membership,
    bought_at timestamptz NOT NULL,
    announced_at timestamptz,
    cancelled_at timestamptz,
    refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND fee_fen),
    benefit_used_at timestamptz
);
CREATE INDEX paid_membership_member ON paid_membership (member_id);
CREATE UNIQUE INDEX paid_membership_renewed ON paid_membership (renews)
    WHERE cancelled_at IS NULL;
CREATE INDEX paid_membership_notice ON paid_membership (notice_on)
    WHERE announced_at IS NULL AND cancelled_at IS NULL;
CREATE TABLE paid_membership_use (
    use_id uuid PRIMARY KEY,
    membership_id uuid NOT NULL REFERENCES paid_membership,
    benefit text NOT NULL,
    used_at timestamptz NOT NULL
);
"""

RULES = """
CREATE TABLE rulebook_version (
    version int PRIMARY KEY CHECK (version > 0),
    hash bytea NOT NULL,
    content jsonb NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rulebook_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON rulebook_version FROM huiyuan_points;
"""


def upgrade() -> None:
    """Create everything."""
    for script in (PARTNERS, PACKAGES, STORED_VALUE, MEMBERSHIPS, RULES):
        run_sql(op, script)
