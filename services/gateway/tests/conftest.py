"""A running gateway in front of inner services that answer what a test says."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio
from services.gateway.tests.inner import Inner, served

from contracts.roles import Role
from gateway_service.audit.chain import AUDIT
from gateway_service.parts import Parts
from gateway_service.vault.seal import Vault
from testkit.apps import RunningApp
from testkit.vaults import derived_vault

SERVICES = ("IDENTITY_URL", "PROFILE_URL", "POINTS_URL", "CAMPAIGN_URL")


@dataclass
class Gateway:
    """The gateway in this process, and what it was started with."""

    app: RunningApp
    inner: Inner
    key_dir: Path

    @property
    def http(self) -> httpx.AsyncClient:
        """Calls it as the public does."""
        return self.app.client

    @property
    def parts(self) -> Parts:
        """What it is made of."""
        parts: Parts = self.app.app.state.parts
        return parts

    @property
    def clients(self) -> Any:
        """`clients.json`."""
        return msgspec.json.decode((self.key_dir / "clients.json").read_bytes())

    @property
    def write_key(self) -> tuple[str, str]:
        """HTTP Basic of the demo source."""
        return self.clients["write_keys"]["demo"], ""

    async def token(self, role: Role, member_id: UUID | None = None, **wish: str) -> str:
        """A token by the token endpoint; `store="s-1"`, `acr_values="mfa"` are wishes."""
        client = self.clients["clients"][role]
        form = {"grant_type": "client_credentials", **wish}
        answer = await self.http.post(
            "/oauth2/token",
            data=form | ({"member_id": str(member_id)} if member_id else {}),
            auth=(client["client_id"], client["client_secret"]),
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def as_(
        self, role: Role, member_id: UUID | None = None, /, **headers: str
    ) -> dict[str, str]:
        """Headers of a call by `role`."""
        return {"Authorization": f"Bearer {await self.token(role, member_id)}", **headers}


@pytest.fixture
def vault() -> Vault:
    """A vault without a database."""
    return derived_vault()


@pytest_asyncio.fixture(loop_scope="session")
async def inner() -> AsyncIterator[Inner]:
    """The inner services."""
    app = Inner()
    async with served(app) as url:
        app.url = url
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def start_gateway(
    clean: None,
    inner: Inner,
    service_app: Callable[..., Awaitable[RunningApp]],
    short_folder: Path,
) -> Callable[..., Awaitable[Gateway]]:
    """`await start_gateway(DEV="false")`: the gateway with these settings."""
    shutil.rmtree(short_folder / "keys" / AUDIT, ignore_errors=True)  # witness of an empty table

    async def start(**settings: str) -> Gateway:
        key_dir = Path(settings.setdefault("KEY_DIR", str(short_folder / "keys")))
        urls = dict.fromkeys(SERVICES, inner.url)
        app = await service_app("gateway_service.app", **{**urls, **settings})
        app.client.headers.clear()
        return Gateway(app, inner, key_dir)

    return start


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(start_gateway: Callable[..., Awaitable[Gateway]]) -> Gateway:
    """The gateway as in development."""
    return await start_gateway()
