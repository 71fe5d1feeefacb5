"""The search goes on in the background, over restarts."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import BackgroundJob
from gateway_service.audit.use_cases import Audit
from gateway_service.incidents.use_cases import search
from gateway_service.proxy.client import InnerClient


def incidents(inner: InnerClient, audit: Audit) -> BackgroundJob:
    """One table after another, of the oldest incident first."""

    async def run(db: Database, _now: datetime) -> None:
        while await search(db, inner, audit):
            pass

    return BackgroundJob("incidents", run)
