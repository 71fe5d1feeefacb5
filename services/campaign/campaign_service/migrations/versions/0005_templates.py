"""Templates and their versions."""

from alembic import op

from chassis.migrations import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCRIPT = """
CREATE TABLE template (
    template_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    key text NOT NULL UNIQUE,
    scene text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('marketing', 'transactional')),
    name jsonb NOT NULL,
    version int NOT NULL
);
CREATE TABLE template_version (
    template_id uuid NOT NULL REFERENCES template,
    version int NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    contents jsonb NOT NULL,
    defaults jsonb NOT NULL,
    PRIMARY KEY (template_id, version)
);
"""


def upgrade() -> None:
    """Add the tables; what ships is put in as the service starts."""
    run_sql(op, SCRIPT)
