"""One table that remembers what was heard."""

from alembic import op

from chassis.migrations import create_chassis_tables, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    run_sql(
        op,
        "CREATE TABLE heard (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, points int);"
        "CREATE TABLE spent (n int);",
    )
