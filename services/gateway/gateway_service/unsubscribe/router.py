"""The link's page, and its button."""

from fastapi import Request, Response

from chassis.web import APIRouter, ReadDep, TxDep
from gateway_service.consent.use_cases import Desk
from gateway_service.login.router import AddressDep
from gateway_service.pages import secured, spoken
from gateway_service.parts import PartsDep
from gateway_service.unsubscribe import use_cases
from gateway_service.unsubscribe.page import STATUS, Show, page

router = APIRouter()


def _shown(request: Request, show: Show) -> Response:
    lang = show.language or spoken(request.headers.get("accept-language", ""))
    return secured(page(show, lang if lang == "en" else "zh"), STATUS[show.step])


@router.get("/u/{token}")
async def look(
    token: str, request: Request, tx: ReadDep, parts: PartsDep, caller: AddressDep
) -> Response:
    """Changes nothing."""
    return _shown(request, await use_cases.look(tx, parts.limits, token, caller))


@router.post("/u/{token}")
async def withdraw(
    token: str, request: Request, tx: TxDep, parts: PartsDep, caller: AddressDep
) -> Response:
    """Whoever has the link, by its button or at once (RFC 8058); the body says nothing more."""
    desk = Desk(parts.consents, parts.audit)
    shown = await use_cases.withdraw(tx, parts.limits, desk, token, caller)
    return _shown(request, shown)
