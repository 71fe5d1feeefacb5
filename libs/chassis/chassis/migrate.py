"""Bring one service's schema up to date: role, schema, rights, then its own Alembic history."""

import importlib
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

SERVICES = ("identity", "profile", "points", "campaign", "gateway")
_ENV = Path(__file__).parent / "alembic"


async def migrate(service: str, admin_url: str, role_password: str, target: str = "head") -> None:
    """Create role `huiyuan_<service>` and schema `<service>` if missing, then upgrade to `target`.

    `admin_url` is an owner's asyncpg URL. The service's role may read and write rows of its own
    schema, and nothing else: PostgreSQL itself refuses a cross-schema read.
    """
    admin = await asyncpg.connect(admin_url)
    try:
        async with admin.transaction():
            await admin.execute("SELECT pg_advisory_xact_lock(hashtext('huiyuan:migrate'))")
            await admin.execute(await _rights(admin, service, role_password))
    finally:
        await admin.close()
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: _connect(admin_url, service),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: _upgrade(sync, service, target))
    finally:
        await engine.dispose()


async def _connect(admin_url: str, service: str) -> asyncpg.Connection:
    return await asyncpg.connect(admin_url, server_settings={"search_path": service})


def _upgrade(connection: Connection, service: str, target: str) -> None:
    command.upgrade(alembic_config(service, connection), target)


def alembic_config(service: str, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one service's history."""
    package = importlib.import_module(f"{service}_service")
    assert package.__file__ is not None
    config = Config()
    config.set_main_option("script_location", str(_ENV))
    versions = Path(package.__file__).parent / "migrations" / "versions"
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions))
    config.attributes["connection"] = connection
    config.attributes["service"] = service
    return config


async def _rights(admin: asyncpg.Connection, service: str, password: str) -> str:
    role = f"huiyuan_{service}"
    known = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    secret = await admin.fetchval("SELECT quote_literal($1::text)", password)
    database = await admin.fetchval("SELECT quote_ident(current_database())")
    return f"""
        {"ALTER" if known else "CREATE"} ROLE {role} LOGIN PASSWORD {secret};
        GRANT CONNECT ON DATABASE {database} TO {role};
        CREATE SCHEMA IF NOT EXISTS {service};
        REVOKE ALL ON SCHEMA {service} FROM PUBLIC;
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA {service} TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service}
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT USAGE ON SEQUENCES TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT EXECUTE ON FUNCTIONS TO {role};
    """
