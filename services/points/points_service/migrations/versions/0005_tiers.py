"""Ladders, windows, warnings; benefits and their applications."""

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"

SCHEMA = """
UPDATE tier_ladder SET definition = jsonb_set(definition, '{tiers}', (
    SELECT jsonb_agg(tier || jsonb_build_object('price_percent', coalesce(
        ('{"regular": 95, "silver": 90, "gold": 85, "diamond": 80}'::jsonb
         ->> (tier ->> 'name'))::int, 100)) ORDER BY place)
    FROM jsonb_array_elements(definition -> 'tiers') WITH ORDINALITY AS t (tier, place)))
WHERE ladder_id = 'A';
"""


def upgrade() -> None:
    """Create everything."""
    run_sql(op, SCHEMA)
