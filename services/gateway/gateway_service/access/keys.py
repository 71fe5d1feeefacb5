"""Signing keys: made every day, published for one more, shared by all gateways."""

from datetime import datetime, timedelta

from chassis.database import Database
from contracts.auditing import Action, Decision
from gateway_service.access import repository
from gateway_service.access.tokens import KeyRing, new_signing_key
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit
from gateway_service.vault.keys import Keys

KEY_LIFE = timedelta(days=2)  # signs for one day, then is published for one more


_ROTATED = Entry(
    action=Action.KEY, decision=Decision.DONE, operation="keys rotated: signing", role=None,
    subject="gateway", fields=["signing"],
)  # fmt: skip


async def rotate(db: Database, keys: Keys, ring: KeyRing, since: datetime, audit: Audit) -> None:
    """Make sure that there is a key made `since` then, and drop what is too old to matter."""
    async with db.transaction() as tx:
        await repository.lock_signing_keys(tx)
        stored = await repository.signing_keys(tx)
        if not stored or stored[-1].created_at < since:
            await repository.add_signing_key(tx, new_signing_key(keys, tx.now))
            if stored:
                audit.record(tx, _ROTATED)
        await repository.drop_signing_keys(tx, tx.now - KEY_LIFE)
    await reload(db, ring)


async def reload(db: Database, ring: KeyRing) -> None:
    """Read the keys from the database."""
    async with db.transaction(readonly=True) as tx:
        ring.load(await repository.signing_keys(tx))
