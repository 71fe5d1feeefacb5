"""Every setting of the gateway."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from gateway_service.channel_settings import ChannelSettings


class Settings(ChannelSettings):
    """`HUIYUAN_<NAME>`; documented in the README's table."""

    service: str = Field("gateway", description="name of the service, set by its app")
    identity_url: str = Field("http://127.0.0.1:8001", description="where identity listens")
    profile_url: str = Field("http://127.0.0.1:8002", description="where profile listens")
    points_url: str = Field("http://127.0.0.1:8003", description="where points listens")
    campaign_url: str = Field("http://127.0.0.1:8004", description="where campaign listens")
    key_dir: Path = Field(
        Path(".huiyuan/keys"), description="folder of the root key and of clients.json"
    )
    edge_nats_url: str = Field(
        "", description="NATS server that stores' servers link to; empty: there are no store edges"
    )
    programme: str = Field(
        "default", pattern=r"^[^\x00-\x1f]{1,64}$",
        description="programme that sealed values are bound to",
    )  # fmt: skip
    cipher_suite: Literal["a", "s"] = Field(
        "a", description="a: AES-256-GCM, HMAC-SHA256; s: SM4-GCM, HMAC-SM3; both can be read"
    )
    root_keys: Literal["file", "environment", "transit"] = Field(
        "file", description="where the root key is: files in KEY_DIR, a variable, Vault's transit"
    )
    root_key_values: str = Field(
        "", description="with `environment`: `1:<base64 of 32 bytes>,2:…`, the newest wraps"
    )
    transit_url: str = Field(
        "http://127.0.0.1:8200/v1/transit/", description="with `transit`: the engine's address"
    )
    transit_key: str = Field("huiyuan", description="with `transit`: name of the key")
    transit_token: str = Field("", description="with `transit`: token that may use the key")
    key_cache_seconds: float = Field(
        240, gt=0, le=300, description="how long a member's key stays in memory"
    )
    key_keep_seconds: float = Field(
        8 * 86_400, ge=0,
        description="how long a replaced data key is kept at least: the bus holds messages so long",
    )  # fmt: skip
    root_keep_seconds: float = Field(
        35 * 86_400, ge=0,
        description="how long a replaced root key is kept: older backups cannot be read after that",
    )  # fmt: skip
    public_url: str = Field(
        "https://localhost:8443",
        pattern=r"^https://[^/?#]+(/[^?#]*[^/?#])?$",
        description="public address; the issuer of tokens, so the same at every gateway",
    )
    token_seconds: int = Field(600, ge=1, le=600, description="life of an access token")
    token_cache: int = Field(10_000, ge=1, description="verified tokens remembered until they end")
    max_body_bytes: int = Field(16 * 1024 * 1024, description="largest request body accepted")
    rate_limit_per_second: int = Field(
        2_000,
        ge=1,
        description="calls a second that one holder of tokens, or one address, may make",
    )
    rate_limit_burst: int = Field(
        10_000, ge=1, description="calls that may be made at once after a pause"
    )
    sms_per_hour: int = Field(
        3_600, ge=1, description="codes by SMS that all members together may ask for"
    )
    mini_program_url: str = Field(
        "https://api.weixin.qq.com", description="where code2Session is asked"
    )
    mini_program_app_id: str = Field("", description="app id of the WeChat mini-program")
    mini_program_secret: str = Field("", description="its secret")
    trusted_proxies: int = Field(
        0, ge=0, description="proxies of one's own in front, whose X-Forwarded-For is believed"
    )
    policy_file: Path | None = Field(
        None, description="Cedar policies of who sees what; empty: those that are shipped"
    )
    plain_reads_per_hour: int = Field(
        50, ge=0, description="members that one of the staff may read in the clear within an hour"
    )
    guesses_per_hour: int = Field(
        300, ge=1, description="identifiers that are nobody's which one caller may ask about"
    )
    figures_epsilon: float = Field(
        0, ge=0, description="privacy loss of each new figure given to data operators; 0: no noise"
    )
    figures_budget: float = Field(
        10, ge=0, description="privacy loss of all new figures of a month, if there is noise"
    )
    webhook_ports: str = Field(
        "443,8443", pattern=r"^[0-9]{1,5}(,[0-9]{1,5})*$",
        description="ports that webhooks may be posted to",
    )  # fmt: skip
    webhook_seconds: float = Field(10, gt=0, le=60, description="time a webhook has to answer")
    webhook_patience_seconds: float = Field(
        5 * 86_400, gt=0, description="how long a webhook may fail before it is given up"
    )
    webhook_loopback: bool = Field(
        False, description="development only: webhooks may be http, and on this very machine"
    )
    upstream_connections: int = Field(128, ge=1, description="connections to one inner service")
    upstream_seconds: float = Field(60, gt=0, description="time an inner service has to answer")

    @property
    def services(self) -> dict[str, str]:
        """Base URL of each inner service."""
        return {
            "identity": self.identity_url,
            "profile": self.profile_url,
            "points": self.points_url,
            "campaign": self.campaign_url,
        }
