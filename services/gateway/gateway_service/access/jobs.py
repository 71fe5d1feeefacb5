"""Every midnight."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from gateway_service.access.keys import rotate
from gateway_service.access.tokens import KeyRing
from gateway_service.audit.use_cases import Audit
from gateway_service.vault.keys import Keys


def signing_keys(keys: Keys, ring: KeyRing, audit: Audit) -> DailyJob:
    """A new key to sign tokens with."""

    async def run(db: Database, midnight: datetime) -> None:
        await rotate(db, keys, ring, midnight, audit)

    return DailyJob("signing_keys", run)
