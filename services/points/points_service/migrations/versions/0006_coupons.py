"""Coupon templates, pools and their budgets."""

import json

from alembic import op

from chassis.migrations import run_sql

revision = "0006"
down_revision = "0005"

TEMPLATES = """
CREATE TABLE coupon_template (
    template_id uuid PRIMARY KEY,
    version int NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    issued bigint NOT NULL DEFAULT 0,
    total_limit bigint,
    committed_fen bigint NOT NULL DEFAULT 0,
    budget_fen bigint,
    CONSTRAINT coupons_within_limit CHECK (issued <= total_limit),
    CONSTRAINT coupons_within_budget CHECK (committed_fen BETWEEN 0 AND budget_fen)
) WITH (fillfactor = 50);
CREATE TABLE coupon_terms (
    template_id uuid NOT NULL REFERENCES coupon_template,
    version int NOT NULL,
    definition jsonb NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (template_id, version)
);
CREATE TABLE coupon_pool (
    pool_id uuid PRIMARY KEY,
    template_id uuid NOT NULL REFERENCES coupon_template,
    version int NOT NULL,
    prefix text NOT NULL,
    size int NOT NULL CHECK (size > 0),
    made int NOT NULL DEFAULT 0 CHECK (made BETWEEN 0 AND size),
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX coupon_pool_unfinished ON coupon_pool (pool_id) WHERE finished_at IS NULL;
"""

# No foreign key from a coupon to its terms: it would cost a look at them for each of a million
# codes, and terms are never deleted.
# Coupons that campaigns offered: a template a campaign, its id as `campaign_template` makes it.
OFFERED = """
ALTER TABLE coupon
    ADD template_id uuid, ADD version int NOT NULL DEFAULT 1, ADD pool_id uuid,
    ADD issued_at timestamptz, ADD claimed_at timestamptz,
    ADD reserved_fen bigint NOT NULL DEFAULT 0 CHECK (reserved_fen >= 0),
    ADD off_fen bigint NOT NULL DEFAULT 0 CHECK (off_fen >= 0),
    ADD uses int NOT NULL DEFAULT 0, ADD rolled_back text, ADD closed_at timestamptz,
    ALTER member_id DROP NOT NULL, ALTER campaign_id DROP NOT NULL,
    ALTER valid_from DROP NOT NULL, ALTER valid_until DROP NOT NULL;
UPDATE coupon SET template_id = md5(campaign_id::text || '/' || percent_off)::uuid,
    issued_at = valid_from, claimed_at = valid_from, uses = (order_no IS NOT NULL)::int;
INSERT INTO coupon_template (template_id, version, created_at, issued)
SELECT template_id, 1, min(issued_at), count(*) FROM coupon GROUP BY template_id;
INSERT INTO coupon_terms (template_id, version, definition, since)
SELECT template_id, 1, jsonb_build_object('template', jsonb_build_object(
    'template_id', template_id, 'name', min(percent_off) || ' % off',
    'name_zh', '减 ' || min(percent_off) || '%', 'effect', 'percent', 'value', min(percent_off)
)), min(issued_at) FROM coupon GROUP BY template_id;
ALTER TABLE coupon DROP percent_off,
    ALTER template_id SET NOT NULL, ALTER version DROP DEFAULT, ALTER issued_at SET NOT NULL,
    ADD CONSTRAINT coupon_of_somebody CHECK (member_id IS NOT NULL OR order_no IS NULL);
DROP INDEX coupon_member;
CREATE INDEX coupon_member ON coupon (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX coupon_template_coupons ON coupon (template_id);
-- Those that a midnight may close: unused, and nobody has closed them yet.
CREATE INDEX coupon_open ON coupon (valid_until) WHERE order_no IS NULL AND closed_at IS NULL;
"""

FRESH_FOOD = ["PRODUCE", "MEAT", "MEAT-PCKGD", "SEAFOOD", "SEAFOOD-PCKGD", "DELI", "SALAD BAR"]
WELCOME: dict[str, object] = {"per_member": 1}
BIRTHDAY: dict[str, object] = {"stacking_group": "birthday"}

# (last digits of the id, English, Chinese, days, template, terms): docs/glossary.md, Coupons.
SHIPPED: list[tuple[str, str, str, int, dict[str, object], dict[str, object]]] = [
    ("005", "Birthday: 5 yuan off", "生日立减 5 元", 7, {"value": 500, **BIRTHDAY}, {}),
    ("020", "Referral: 20 yuan off", "推荐好友立减 20 元", 30, {"value": 2000}, {}),
    ("101", "First order: 5 yuan off", "首单立减 5 元", 30, {"value": 500}, WELCOME),
    (
        "102", "50 yuan off from 200", "满 200 减 50", 30,
        {"value": 5000, "threshold_fen": 20_000}, {},
    ),
    (
        "103", "30 yuan off fresh food from 100", "生鲜满 100 减 30", 7,
        {"value": 3000, "threshold_fen": 10_000, "scope": {"departments": FRESH_FOOD}}, {},
    ),
    ("104", "Referral: 10 yuan off", "推荐有礼立减 10 元", 30, {"value": 1000}, {}),
    (
        "105", "Birthday: 20 % off", "生日八折", 7,
        {"effect": "percent", "value": 20, **BIRTHDAY}, {},
    ),
]  # fmt: skip


def upgrade() -> None:
    """Create everything."""
    for script in (TEMPLATES, OFFERED):
        run_sql(op, script)
    for shipped in SHIPPED:
        run_sql(op, _insert(shipped))


def _insert(row: tuple[str, str, str, int, dict[str, object], dict[str, object]]) -> str:
    number, name, name_zh, days, template, terms = row
    template_id = f"00000000-0000-5000-8000-000000000{number}"
    own = {"template_id": template_id, "name": name, "name_zh": name_zh, "effect": "cash_off"}
    document = json.dumps({"template": own | template, "days": days} | terms, ensure_ascii=False)
    return (
        "INSERT INTO coupon_template (template_id, version, created_at)"
        f" VALUES ('{template_id}', 1, now());"
        " INSERT INTO coupon_terms (template_id, version, definition, since)"
        f" VALUES ('{template_id}', 1, $json${document}$json$, now());"
    )  # fmt: skip
