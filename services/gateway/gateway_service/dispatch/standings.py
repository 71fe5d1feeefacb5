"""How providers stand, and the tokens that they gave: rows that all gateways share."""

from datetime import datetime
from typing import Any

from chassis.database import Tx
from gateway_service.dispatch.domain import Standing


async def standing(tx: Tx, provider: str) -> Standing:
    """How a provider stands; whoever asks beside waits for the commit."""
    row = await tx.fetchrow(
        "INSERT INTO provider_standing AS p (provider, tokens, at, failures)"
        " VALUES ($1, 1, clock_timestamp(), 0)"
        " ON CONFLICT (provider) DO UPDATE SET provider = p.provider"
        " RETURNING tokens, at, failures, open_until",
        provider,
    )
    return Standing(**row)


async def put_standing(tx: Tx, provider: str, new: Standing) -> None:
    """As it stands now."""
    await tx.execute(
        "UPDATE provider_standing SET tokens = $2, at = $3, failures = $4, open_until = $5"
        " WHERE provider = $1",
        provider, new.tokens, new.at, new.failures, new.open_until,
    )  # fmt: skip


async def mend(tx: Tx, provider: str) -> None:
    """It answers; nothing is written while it did before."""
    await tx.execute(
        "UPDATE provider_standing SET failures = 0, open_until = NULL"
        " WHERE provider = $1 AND failures > 0",
        provider,
    )


async def standings(tx: Tx) -> dict[str, Standing]:
    """How each provider stands, as far as anything was ever sent by it."""
    rows = await tx.fetch(
        "SELECT provider, tokens, at, failures, open_until FROM provider_standing"
    )
    return {provider: Standing(*rest) for provider, *rest in rows}


async def lock_token(tx: Tx, provider: str) -> Any:
    """A provider's token as it is kept, and its end; whoever renews it beside waits."""
    return await tx.fetchrow(
        "INSERT INTO provider_token AS p (provider) VALUES ($1)"
        " ON CONFLICT (provider) DO UPDATE SET provider = p.provider RETURNING token, good_until",
        provider,
    )


async def put_token(tx: Tx, provider: str, token: bytes, until: datetime) -> None:
    """A new one."""
    await tx.execute(
        "UPDATE provider_token SET token = $2, good_until = $3 WHERE provider = $1",
        provider, token, until,
    )  # fmt: skip
