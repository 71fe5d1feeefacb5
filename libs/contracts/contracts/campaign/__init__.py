"""Campaigns as clients see them. Owned by campaign. One module an area; OPERATIONS has them all."""

from contracts.campaign import (  # noqa: F401 - its events
    budgets,
    calendar,
    decisions,
    deliveries,
    experiments,
    journey_events,
    journeys,
    kpis,
    library,
    plans,
    reports,
    responses,
)
from contracts.operations import Operation

OPERATIONS: list[Operation] = [
    *calendar.OPERATIONS,  # its path before that of one campaign
    *plans.OPERATIONS,
    *reports.OPERATIONS,
    *deliveries.OPERATIONS,
    *decisions.OPERATIONS,
    *responses.OPERATIONS,
    *experiments.OPERATIONS,
    *kpis.OPERATIONS,
    *library.OPERATIONS,
    *journeys.OPERATIONS,
]
