"""Goods that are bought together, and goods that are popular among groups."""

from alembic import op

from chassis.migrations import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE goods_pair (
    level text NOT NULL,
    one text NOT NULL,
    place int NOT NULL,
    other text NOT NULL,
    baskets bigint NOT NULL,
    buyers bigint NOT NULL,
    support double precision NOT NULL,
    confidence double precision NOT NULL,
    lift double precision NOT NULL,
    PRIMARY KEY (level, one, place)
);
CREATE INDEX goods_pair_lift ON goods_pair (level, lift DESC);
CREATE TABLE popular_goods (
    kind text NOT NULL,
    key text NOT NULL,
    place int NOT NULL,
    sku text NOT NULL,
    buyers bigint NOT NULL,
    PRIMARY KEY (kind, key, place)
);
"""


def upgrade() -> None:
    """Add the tables."""
    run_sql(op, SCRIPT)
