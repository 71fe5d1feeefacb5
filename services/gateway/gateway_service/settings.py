"""Every setting of the gateway."""

from pathlib import Path

from pydantic import Field

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """`HUIYUAN_<NAME>`; documented in the README's table."""

    service: str = Field("gateway", description="name of the service, set by its app")
    identity_url: str = Field("http://127.0.0.1:8001", description="where identity listens")
    profile_url: str = Field("http://127.0.0.1:8002", description="where profile listens")
    points_url: str = Field("http://127.0.0.1:8003", description="where points listens")
    campaign_url: str = Field("http://127.0.0.1:8004", description="where campaign listens")
    key_dir: Path = Field(
        Path(".huiyuan/keys"), description="folder of the root key and of clients.json"
    )
    programme: str = Field("default", description="programme that sealed values are bound to")
    key_version: int = Field(1, ge=1, description="version that new sealed values get")
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
    trusted_proxies: int = Field(
        0, ge=0, description="proxies of one's own in front, whose X-Forwarded-For is believed"
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
