"""Imports over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from chassis.clock import local_date
from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.imports import ImportAnswer, ImportPart, ImportRequest, Job
from gateway_service.audit.calls import AUDITED
from gateway_service.imports import use_cases
from gateway_service.imports.use_cases import Intake

router = APIRouter()


async def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


IntakeDep = Annotated[Intake, Depends(_intake)]


@router.post("/v1/imports", status_code=202, dependencies=[AUDITED])
async def accept(
    *,
    body: ImportRequest,
    tx: TxDep,
    intake: IntakeDep,
    principal: PrincipalDep,
    answer: Response,
    dry_run: bool = False,
) -> ImportAnswer:
    """A job, or a look at the file."""
    if dry_run:
        answer.status_code = 200
        return use_cases.tried(body, local_date(tx.now))
    return await use_cases.accept(tx, intake, principal, body)


@router.post("/v1/imports/{job_id}/parts", dependencies=[AUDITED])
async def part(job_id: UUID, body: ImportPart, tx: TxDep, intake: IntakeDep) -> Job:
    """One more part."""
    return await use_cases.receive(tx, intake, job_id, body)


@router.get("/v1/jobs/{job_id}")
async def job(job_id: UUID, tx: ReadDep) -> Job:
    """How far it is."""
    return await use_cases.show(tx, job_id)
