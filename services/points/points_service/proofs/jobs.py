"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import BackgroundJob
from points_service.proofs.use_cases import checkpoint_when_due
from points_service.proofs.vault import Vault


def checkpoints(vault: Vault) -> BackgroundJob:
    """An hourly checkpoint; nobody's answer waits for it."""

    async def run(db: Database, now: datetime) -> None:
        await checkpoint_when_due(db, vault, now)

    return BackgroundJob("ledger_checkpoints", run)
