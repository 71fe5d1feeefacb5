"""Follow splits. What came while two were one stays with the survivor."""

from collections.abc import Sequence

from campaign_service import following
from campaign_service.activities import repository as activities
from campaign_service.audiences import repository as audiences
from campaign_service.decisions import repository as decisions
from campaign_service.deliveries import repository as deliveries
from campaign_service.experiments import repository as experiments
from campaign_service.invitations import repository as invitations
from campaign_service.journeys import repository as journeys
from campaign_service.kpis import repository as kpi_rows
from campaign_service.kpis import use_cases as kpis
from campaign_service.links import repository as links
from campaign_service.measurement import repository as measurement
from campaign_service.surveys import repository as surveys
from campaign_service.triggers import repository as triggers
from chassis.database import Tx
from contracts.events import MembersSplit

_TABLES = [
    table
    for rows in (
        decisions,
        deliveries,
        measurement,
        activities,
        surveys,
        links,
        kpi_rows,
        triggers,
        invitations,
        experiments,
        journeys,
    )
    for table in rows.TABLES
]


async def follow(tx: Tx, events: Sequence[MembersSplit]) -> None:
    """In the order of the events; what is apart already stays so."""
    await audiences.lock(tx)
    for event in events:
        root = await audiences.split(tx, event.restored_id, event.members)
        if root is not None:
            ids = [event.restored_id, *event.members]
            await kpis.write_again(tx, ids)  # while what they share can still be seen
            await following.part(tx, _TABLES, root, event.restored_id, ids)
