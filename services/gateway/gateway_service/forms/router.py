"""A link's page, and what is sent from it."""

from typing import Annotated

from fastapi import Depends, Request, Response

from chassis.web import APIRouter
from contracts.pages import PageSent
from gateway_service.forms import use_cases
from gateway_service.forms.use_cases import Visit
from gateway_service.login.router import AddressDep
from gateway_service.pages import secured, spoken
from gateway_service.parts import PartsDep

router = APIRouter()


async def _visit(token: str, request: Request, caller: AddressDep) -> Visit:
    return Visit(token, spoken(request.headers.get("accept-language", "")), caller)


VisitDep = Annotated[Visit, Depends(_visit)]


@router.get("/s/{token}")
async def look(visit: VisitDep, parts: PartsDep) -> Response:
    """Changes nothing: browsers and mail scanners look ahead."""
    return secured(*await use_cases.show(parts.inner, parts.limits, visit))


@router.post("/s/{token}")
async def send(visit: VisitDep, request: Request, parts: PartsDep) -> Response:
    """Whoever has the link answers, once."""
    given = use_cases.fields(await request.body())
    return secured(*await use_cases.show(parts.inner, parts.limits, visit, PageSent(given)))
