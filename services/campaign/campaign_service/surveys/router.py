"""The paths of surveys."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import AfterValidator

from campaign_service.activities.router import GuestDep
from campaign_service.paging import CursorDep, LimitDep
from campaign_service.surveys import use_cases
from chassis.web import APIRouter, OnceDep, ReadDep, TxDep
from contracts.surveys import (
    AnswerRequest,
    InvitationRequest,
    Invited,
    SatisfactionPart,
    SatisfactionReport,
    Survey,
    SurveyAnswer,
    SurveyAnswerPage,
    SurveyPage,
    SurveyReport,
    SurveyRequest,
)

router = APIRouter()


def _zoned(moment: datetime) -> datetime:
    """Without a zone it is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


SinceDep = Annotated[Annotated[datetime, AfterValidator(_zoned)] | None, Query()]


@router.get("/v1/surveys")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> SurveyPage:
    """Surveys, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("/v1/surveys", status_code=201, response_model=Survey)
async def plan(body: SurveyRequest, once: OnceDep) -> Response:
    """A new survey."""
    author = once.principal.subject
    return await once(lambda: use_cases.plan(once.tx, author, body), status=201)


@router.get("/v1/surveys/{survey_id}")
async def show(survey_id: UUID, tx: ReadDep) -> Survey:
    """One of them."""
    return await use_cases.show(tx, survey_id)


@router.post("/v1/surveys/{survey_id}/open")
async def open_(survey_id: UUID, tx: TxDep) -> Survey:
    """Invite from now on."""
    return await use_cases.switch(tx, survey_id, is_open=True)


@router.post("/v1/surveys/{survey_id}/close")
async def close(survey_id: UUID, tx: TxDep) -> Survey:
    """No more."""
    return await use_cases.switch(tx, survey_id, is_open=False)


@router.post("/v1/surveys/{survey_id}/invitations", status_code=201)
async def invite(survey_id: UUID, body: InvitationRequest, tx: TxDep) -> Invited:
    """After a service."""
    return await use_cases.invite(tx, survey_id, body)


@router.post("/v1/surveys/{survey_id}/answers", status_code=201)
async def answer(survey_id: UUID, body: AnswerRequest, guest: GuestDep) -> SurveyAnswer:
    """Once an invitation."""
    member_id = guest.named(None)
    return await use_cases.answer(guest.tx, guest.signer, survey_id, member_id, body)


@router.get("/v1/surveys/{survey_id}/answers")
async def answers(
    survey_id: UUID, tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50
) -> SurveyAnswerPage:
    """Newest first."""
    return await use_cases.answers(tx, survey_id, cursor, limit)


@router.get("/v1/surveys/{survey_id}/report")
async def report(survey_id: UUID, tx: ReadDep) -> SurveyReport:
    """How many answered what."""
    return await use_cases.report(tx, survey_id)


@router.get("/v1/satisfaction")
async def satisfaction(
    tx: ReadDep, since: SinceDep = None, by: SatisfactionPart | None = None
) -> SatisfactionReport:
    """By touchpoint."""
    return await use_cases.satisfaction(tx, since, by)
