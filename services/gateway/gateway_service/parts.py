"""What the gateway is made of, at `app.state.parts`; put together in app.py."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis

from chassis.evidence.strongbox import Strongbox
from gateway_service.access.limits import Limits
from gateway_service.access.tokens import Tokens
from gateway_service.audit.use_cases import Audit
from gateway_service.consent.standings import Standings
from gateway_service.desensitize.use_cases import Views
from gateway_service.proxy.client import InnerClient
from gateway_service.proxy.forward import Forward
from gateway_service.relations.use_cases import Relations
from gateway_service.settings import Settings
from gateway_service.signatures.verify import Signatures
from gateway_service.vault.keeper import Keeper
from gateway_service.vault.keys import Keys
from gateway_service.vault.seal import Vault
from gateway_service.vault.use_cases import Rotations


@dataclass(frozen=True, slots=True)
class Parts:
    """Shared by every request; none of them holds a transaction."""

    settings: Settings
    redis: Redis
    keys: Keys
    vault: Vault
    keeper: Keeper
    rotations: Rotations
    tokens: Tokens
    signatures: Signatures
    limits: Limits
    audit: Audit
    box: Strongbox
    inner: InnerClient
    consents: Standings
    forward: Forward
    relations: Relations
    views: Views


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]
