"""Every setting a service shares. `HUIYUAN_<NAME>` in the environment; the README has the table."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment once, at the composition root."""

    model_config = SettingsConfigDict(env_prefix="HUIYUAN_", extra="ignore")

    service: str = Field("", description="name of the service, set by its app")
    database_url: str = Field(
        "", description="PostgreSQL; services use their own role in it, `huiyuan up` an owner's"
    )
    nats_url: str = Field("nats://127.0.0.1:4222", description="NATS with JetStream")
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Redis (rate limits)")
    bind: str = Field("127.0.0.1:8000", description="host:port the service listens on")
    internal_token: str = Field(
        "", description="shared secret between gateway and services; empty refuses every call"
    )
    dev: bool = Field(False, description="development: /dev routes, driven clock, default clients")
    clock_file: Path | None = Field(None, description="driven clock shared by processes (dev only)")
    seed: str = Field("", description="makes ids repeatable in a demo (dev only)")
    tls_cert: Path | None = Field(None, description="certificate to serve TLS with (gateway)")
    tls_key: Path | None = Field(None, description="key of that certificate")
    pool_size: int = Field(8, description="database connections a service may hold")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    otlp_endpoint: str = Field(
        "", description="OpenTelemetry collector (OTLP/HTTP); empty: no export"
    )
    outbox_keep_days: int = Field(
        30, description="days a published outbox row is kept for a rebuild"
    )
    stream_replicas: int = Field(1, description="JetStream replicas of each stream")
    activity_max_bytes: int = Field(
        8 * 1024**3,
        description="largest size of the stream ACTIVITY: beyond it, unread behaviour is refused",
    )
