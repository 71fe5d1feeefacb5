"""The paths of experiments and of the global control group."""

from uuid import UUID

from fastapi import Response

from campaign_service.experiments import control, use_cases
from campaign_service.paging import CursorDep, LimitDep
from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.campaign.experiments import (
    Experiment,
    ExperimentPage,
    ExperimentReport,
    ExperimentRequest,
    GlobalControlGroup,
    GlobalControlReport,
    GlobalControlRequest,
    StopRequest,
)

router = APIRouter(prefix="/v1/experiments")


@router.get("")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> ExperimentPage:
    """Experiments, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("", status_code=201, response_model=Experiment)
async def plan(body: ExperimentRequest, once: OnceDep, dry_run: bool = False) -> Response:
    """A new one."""
    author = once.principal.subject
    return await once(
        lambda: use_cases.plan(once.tx, author, body, dry_run=dry_run),
        status=201,
        dry_run=dry_run,
    )


@router.get("/global-control")
async def control_group(tx: ReadDep) -> GlobalControlGroup:
    """The share in force."""
    return await control.show(tx)


@router.put("/global-control")
async def change_control_group(
    body: GlobalControlRequest, tx: TxDep, principal: PrincipalDep
) -> GlobalControlGroup:
    """Another share."""
    return await control.change(tx, principal.subject, body)


@router.get("/global-control/report")
async def control_report(tx: ReadDep) -> GlobalControlReport:
    """All marketing against none."""
    return await control.report(tx)


@router.get("/{experiment_id}")
async def show(experiment_id: UUID, tx: ReadDep) -> Experiment:
    """One experiment."""
    return await use_cases.show(tx, experiment_id)


@router.get("/{experiment_id}/report")
async def report(experiment_id: UUID, tx: ReadDep) -> ExperimentReport:
    """What came of it."""
    return await use_cases.report(tx, experiment_id)


@router.post("/{experiment_id}/stop", response_model=Experiment)
async def stop(experiment_id: UUID, body: StopRequest, once: OnceDep) -> Response:
    """The winner for everybody."""
    actor = once.principal.subject
    return await once(lambda: use_cases.stop(once.tx, experiment_id, actor, body))
