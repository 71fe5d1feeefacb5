"""Ladders, windows, warnings; benefits and their applications."""

import json

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"

MEMBERS = """
ALTER TABLE member
    ADD social int NOT NULL DEFAULT 0,
    ADD kept_since date NOT NULL DEFAULT '1970-01-01',
    ADD warned_on date,
    ADD falls_on date,
    ADD birth_month smallint CHECK (birth_month BETWEEN 1 AND 12);
CREATE INDEX member_birth_month ON member (birth_month) WHERE birth_month IS NOT NULL;
CREATE TABLE member_month (
    member_id uuid NOT NULL,
    month date NOT NULL,
    orders int NOT NULL,
    fen bigint NOT NULL,
    interactions int NOT NULL,
    PRIMARY KEY (member_id, month)
) WITH (fillfactor = 70);
INSERT INTO member_month (member_id, month, orders, fen, interactions)
SELECT coalesce(m.merged_into, o.member_id),
    date_trunc('month', o.paid_at AT TIME ZONE 'Asia/Shanghai')::date,
    count(*) FILTER (WHERE o.refunded_fen < o.paid_fen OR o.paid_fen = 0),
    sum(o.paid_fen - o.refunded_fen), 0
FROM orders o LEFT JOIN member m USING (member_id) GROUP BY 1, 2;
CREATE TABLE tier_warning (
    member_id uuid NOT NULL,
    warned_on date NOT NULL,
    tier text NOT NULL,
    falls_to text NOT NULL,
    falls_on date NOT NULL,
    PRIMARY KEY (member_id, warned_on)
);
"""

LADDERS = """
ALTER TABLE tier_ladder
    ADD version int NOT NULL DEFAULT 1,
    ADD valid_from timestamptz NOT NULL DEFAULT '2000-01-01T00:00:00+08:00',
    ADD changed_by text NOT NULL DEFAULT 'shipped';
CREATE TABLE tier_ladder_past (
    ladder_id text NOT NULL,
    version int NOT NULL,
    definition jsonb NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (ladder_id, version)
);
"""

BENEFITS = """
CREATE TABLE benefit (
    benefit_id text PRIMARY KEY,
    definition jsonb NOT NULL,
    version int NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT '2000-01-01T00:00:00+08:00',
    changed_by text NOT NULL DEFAULT 'shipped'
);
CREATE TABLE benefit_use (
    use_id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    benefit_id text NOT NULL REFERENCES benefit,
    period date NOT NULL,
    used_at timestamptz NOT NULL,
    channel text,
    store text,
    given_back_at timestamptz
);
CREATE INDEX benefit_use_member ON benefit_use (member_id, benefit_id, period);
CREATE TABLE benefit_application (
    application_id uuid PRIMARY KEY,
    use_id uuid NOT NULL UNIQUE REFERENCES benefit_use,
    member_id uuid NOT NULL,
    benefit_id text NOT NULL REFERENCES benefit,
    area text,
    note text,
    order_no text,
    status text NOT NULL CHECK (status IN ('applied', 'accepted', 'fulfilled', 'refused')),
    reason text,
    applied_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    told_overdue boolean NOT NULL DEFAULT false
);
CREATE INDEX benefit_application_member ON benefit_application (member_id, application_id);
CREATE INDEX benefit_application_status ON benefit_application (status, application_id);
CREATE INDEX benefit_application_untold ON benefit_application (due_at)
    WHERE status IN ('applied', 'accepted') AND NOT told_overdue;
CREATE UNIQUE INDEX benefit_application_order ON benefit_application (benefit_id, order_no)
    WHERE status <> 'refused' AND order_no IS NOT NULL;
"""


def _rung(
    name: str,
    words: tuple[str, str],
    percents: tuple[int, int],
    conditions: list[tuple[str, int, int]],
    benefits: dict[str, int | None],
) -> dict[str, object]:
    """`percents` are those of points and of price."""
    return {
        "name": name,
        "zh": words[0],
        "en": words[1],
        "points_percent": percents[0],
        "price_percent": percents[1],
        "conditions": [
            {"kind": kind, "at_least": at_least, "months": months}
            for kind, at_least, months in conditions
        ],
        "benefits": [
            {"benefit_id": benefit_id, "quota": quota} for benefit_id, quota in benefits.items()
        ],
    }


_SILVER = {"member_price": None, "birthday_coupon": 1, "priority_checkout": None}
_GOLD = {**_SILVER, "free_delivery": None, "exclusive_goods": None, "parking": 2}

# Spend is in fen; growth, referrals, orders and interactions are counted.
LADDER_A = {
    "name": "supermarket",
    "kind": "supermarket",
    "qualification_months": 0,
    "grace_days": 30,
    "soft_landing": True,
    "moves": {"bronze": "regular", "platinum": "diamond"},  # from ladder B
    "tiers": [
        _rung("regular", ("普通会员", "Regular"), (100, 95), [], {"member_price": None}),
        _rung("silver", ("银卡会员", "Silver"), (120, 90), [("growth", 500, 0)], _SILVER),
        _rung(
            "gold",
            ("金卡会员", "Gold"),
            (150, 85),
            [("growth", 1500, 0), ("month_spend", 20_000, 0)],
            _GOLD,
        ),
        _rung(
            "diamond",
            ("钻石会员", "Diamond"),
            (200, 80),
            [("growth", 3000, 0), ("referrals", 1, 0)],
            {**_GOLD, "parking": 4, "personal_shopper": 2, "referral_coupon": None},
        ),
    ],
}

_MALL = {"member_price": None, "birthday_coupon": 1}
LADDER_B = {
    "name": "mall",
    "kind": "mall",
    "qualification_months": 12,
    "grace_days": 30,
    "soft_landing": True,
    "moves": {"regular": "bronze", "diamond": "platinum"},  # from ladder A
    "tiers": [
        _rung("bronze", ("铜卡会员", "Bronze"), (100, 100), [], {}),
        _rung(
            "silver",
            ("银卡会员", "Silver"),
            (120, 99),
            [("growth", 1000, 0), ("frequency", 2, 3)],
            {**_MALL, "parking": 1},
        ),
        _rung(
            "gold",
            ("金卡会员", "Gold"),
            (150, 97),
            [("growth", 3000, 0), ("spend", 300_000, 12), ("frequency", 6, 12)],
            {**_MALL, "parking": 2, "fast_checkout": None, "exclusive_goods": None},
        ),
        _rung(
            "platinum",
            ("白金卡会员", "Platinum"),
            (200, 95),
            [
                ("growth", 8000, 0),
                ("spend", 1_000_000, 12),
                ("frequency", 12, 12),
                ("interactions", 4, 6),
            ],
            {
                **_MALL,
                "parking": 4,
                "fast_checkout": None,
                "exclusive_goods": None,
                "personal_shopper": 2,
                "referral_coupon": None,
            },
        ),
    ],
}

ONLINE = ["online", "app", "mini_program", "ecommerce"]
CITY = "310100"  # Shanghai, as GB/T 2260 numbers it


def _benefit(
    kind: str,
    period: str,
    value_fen: int,
    name: tuple[str, str],
    description: tuple[str, str],
    **other: object,
) -> dict[str, object]:
    return {
        "kind": kind,
        "period": period,
        "value_fen": value_fen,
        "name": {"zh": name[0], "en": name[1]},
        "description": {"zh": description[0], "en": description[1]},
        "earned_in": [],
        "used_in": [],
        "application": None,
        "coupon": None,
        "active": True,
        **other,
    }


CATALOGUE = {
    "member_price": _benefit(
        "price", "month", 0, ("会员价", "Member price"),
        ("全场商品按等级享受会员折扣", "Every article at the price of the member's tier"),
    ),
    "birthday_coupon": _benefit(
        "emotional", "year", 500, ("生日券", "Birthday coupon"),
        ("生日当月赠送 5 元券一张", "A coupon of 5 yuan in the month of birth"),
        coupon={"on": "birthday", "template_id": "00000000-0000-5000-8000-000000000005"},
    ),
    "priority_checkout": _benefit(
        "service", "month", 300, ("优先结账", "Priority checkout"),
        ("可使用会员优先收银通道", "A till of their own, without waiting"),
    ),
    "free_delivery": _benefit(
        "service", "month", 3000, ("免费配送", "Free delivery"),
        ("满 100 元免费配送,24 小时内送达,仅限市区",
         "Orders from 100 yuan are delivered free, within 24 hours, in the city area only"),
        application={"hours": 24, "areas": [CITY], "order_from_fen": 10_000},
    ),
    "exclusive_goods": _benefit(
        "experience", "month", 1000, ("专属商品", "Exclusive goods"),
        ("可购买会员专属商品", "Goods that only members of the tier can buy"),
    ),
    "personal_shopper": _benefit(
        "service", "month", 3000, ("专属导购", "Personal shopper"),
        ("提前 48 小时预约,专属导购全程陪同", "A guide of their own, asked for 48 hours ahead"),
        application={"hours": 48, "areas": [], "order_from_fen": 0},
    ),
    "referral_coupon": _benefit(
        "social", "year", 2000, ("推荐有礼", "Referral coupon"),
        ("每成功推荐一位新会员,赠送 20 元券一张", "A coupon of 20 yuan for each friend who buys"),
        coupon={"on": "referral", "template_id": "00000000-0000-5000-8000-000000000020"},
    ),
    "parking": _benefit(
        "privilege", "month", 1000, ("免费停车", "Free parking"),
        ("当月线上购物后,到店免费停车 2 小时",
         "Two hours of parking at the mall, for whoever bought online that month"),
        earned_in=ONLINE, used_in=["mall", "pos"],
    ),
    "fast_checkout": _benefit(
        "privilege", "month", 200, ("快速结账", "Fast checkout"),
        ("当月线上购物后,到店可使用快速结账通道",
         "The fast lane at the mall, for whoever bought online that month"),
        earned_in=ONLINE, used_in=["mall", "pos"],
    ),
}  # fmt: skip


def upgrade() -> None:
    """Create everything."""
    for script in (MEMBERS, LADDERS, BENEFITS):
        run_sql(op, script)
    rows = [
        *_upserts("tier_ladder", "ladder_id", {"A": LADDER_A, "B": LADDER_B}),
        *_upserts("benefit", "benefit_id", CATALOGUE),
    ]
    for row in rows:
        run_sql(op, row)


def _upserts(table: str, key: str, rows: dict[str, dict[str, object]]) -> list[str]:
    return [
        f"INSERT INTO {table} ({key}, definition)"
        f" VALUES ('{name}', $json${json.dumps(definition, ensure_ascii=False)}$json$)"
        f" ON CONFLICT ({key}) DO UPDATE SET definition = excluded.definition"
        for name, definition in rows.items()
    ]
