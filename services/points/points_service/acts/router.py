"""Acts of a member, and the kinds there are."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.acts import (
    ActAnswer,
    ActKind,
    ActKindBody,
    ActKinds,
    ActRequest,
    Answers,
    Questionnaire,
    Questionnaires,
)
from points_service.acts import questionnaires, use_cases
from points_service.parts import PartsDep

router = APIRouter()
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


@router.get("/v1/act-kinds")
async def kinds(tx: ReadDep) -> ActKinds:
    """Kinds of act."""
    return await use_cases.show_kinds(tx)


@router.put("/v1/act-kinds/{kind}")
async def write_kind(kind: Code, body: ActKindBody, tx: TxDep) -> ActKind:
    """Add or change a kind of act."""
    return await use_cases.write_kind(tx, kind, body)


@router.post("/v1/members/{member_id}/acts", response_model=ActAnswer)
async def act(
    *,
    member_id: UUID,
    body: ActRequest,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """A member did something."""

    async def run() -> ActAnswer:
        return await use_cases.perform(
            tx, parts.programme, principal.role, member_id, body, dry_run=dry_run
        )

    return await once(run, dry_run=dry_run)


@router.get("/v1/questionnaires")
async def show_questionnaires(tx: ReadDep) -> Questionnaires:
    """All questionnaires."""
    return await questionnaires.show(tx)


@router.post("/v1/questionnaires", response_model=Questionnaire)
async def write_questionnaire(
    body: Questionnaire, tx: TxDep, principal: PrincipalDep, once: OnceDep
) -> Response:
    """Add a questionnaire."""
    return await once(lambda: questionnaires.write(tx, body, principal.subject))


@router.post(
    "/v1/members/{member_id}/questionnaires/{questionnaire_id}/answers", response_model=ActAnswer
)
async def answer(
    *,
    member_id: UUID,
    questionnaire_id: Code,
    body: Answers,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Answer a questionnaire, once."""
    return await once(
        lambda: questionnaires.answer(tx, parts.programme, member_id, questionnaire_id, body),
    )
