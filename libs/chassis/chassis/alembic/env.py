"""Alembic's environment, shared by every service's history (see chassis.migrate)."""

from alembic import context

connection = context.config.attributes["connection"]
service = context.config.attributes["service"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    version_table_schema=service,
)
with context.begin_transaction():
    context.run_migrations()
