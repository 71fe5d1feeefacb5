"""The paths of templates."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from campaign_service.paging import CursorDep, LimitDep
from campaign_service.templates import use_cases
from campaign_service.templates.use_cases import Press
from chassis.web import APIRouter, OnceDep, ReadDep
from contracts.templates import (
    DraftRequest,
    Drafts,
    Rendering,
    RenderRequest,
    Template,
    TemplatePage,
    TemplateRequest,
    TemplateVersionRequest,
)

router = APIRouter(prefix="/v1/templates")


async def _press(request: Request) -> Press:
    press: Press = request.app.state.press
    return press


PressDep = Annotated[Press, Depends(_press)]
VersionQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> TemplatePage:
    """Templates, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("", status_code=201, response_model=Template)
async def add(body: TemplateRequest, press: PressDep, once: OnceDep) -> Response:
    """A new template."""
    author = once.principal.subject
    return await once(lambda: use_cases.add(once.tx, press, author, body), status=201)


@router.get("/{template_id}")
async def show(template_id: UUID, tx: ReadDep, version: VersionQuery = None) -> Template:
    """One version."""
    return await use_cases.show(tx, template_id, version)


@router.post("/{template_id}/versions", status_code=201, response_model=Template)
async def revise(
    template_id: UUID, body: TemplateVersionRequest, press: PressDep, once: OnceDep
) -> Response:
    """A new version."""
    author = once.principal.subject
    return await once(
        lambda: use_cases.revise(once.tx, press, author, template_id, body), status=201
    )


@router.post("/{template_id}/render")
async def render(
    template_id: UUID, body: RenderRequest, tx: ReadDep, press: PressDep,
    version: VersionQuery = None,
) -> Rendering:  # fmt: skip
    """What members would read."""
    return await use_cases.render(tx, press, template_id, version, body)


@router.post("/{template_id}/drafts")
async def draft(template_id: UUID, body: DraftRequest, tx: ReadDep, press: PressDep) -> Drafts:
    """Variants written from goods and tags."""
    return await use_cases.draft(tx, press, template_id, body)
