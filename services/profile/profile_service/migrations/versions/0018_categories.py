"""The shop's tree of categories with their synonyms, and what was corrected in products."""

from alembic import op

from chassis.migrations import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add them; the tree begins with what is there, under the words of catalogue.domain."""
    run_sql(
        op,
        r"""
        CREATE TABLE category (
            word text NOT NULL,
            department text NOT NULL,
            synonym boolean NOT NULL,
            name text NOT NULL,
            PRIMARY KEY (word, department, synonym)
        );
        INSERT INTO category
        SELECT DISTINCT ON (1, 2)
            trim(regexp_replace(lower(normalize(category, NFKC)), '\s+', ' ', 'g')),
            coalesce(department, ''), false, category
        FROM product WHERE category IS NOT NULL ORDER BY 1, 2, sku;
        ALTER TABLE product ADD COLUMN corrections jsonb NOT NULL DEFAULT '[]';
        """,
    )
