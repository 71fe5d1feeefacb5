"""Birthdays by day: announced by the gateway, one a member and year."""

from alembic import op

from chassis.migrations import run_sql

revision = "0010"
down_revision = "0009"

BIRTHDAYS = """
CREATE TABLE member_birthday (
    member_id uuid NOT NULL,
    year int NOT NULL,
    day date NOT NULL,
    given boolean NOT NULL,
    PRIMARY KEY (member_id, year)
);
CREATE INDEX member_birthday_due ON member_birthday (day) WHERE NOT given;
DROP INDEX member_birth_month;
"""

# `birthday` used to mean the month. It now means the day unless it says "month": rules that are
# there keep what they promised.
RULES = """
UPDATE earning_rule SET definition = jsonb_set(definition, '{conditions}', (
    SELECT jsonb_agg(
        CASE WHEN c ->> 'kind' = 'birthday' THEN c || '{"any_of": ["month"]}' ELSE c END ORDER BY n
    ) FROM jsonb_array_elements(definition -> 'conditions') WITH ORDINALITY AS each (c, n)
)) WHERE definition -> 'conditions' @> '[{"kind": "birthday"}]';
"""


def upgrade() -> None:
    """Nobody's is known yet: identity and the gateway tell after their own upgrade."""
    run_sql(op, BIRTHDAYS)
    run_sql(op, RULES)
