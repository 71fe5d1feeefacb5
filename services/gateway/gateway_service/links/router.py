"""One hop."""

from fastapi import Request, Response

from chassis.web import APIRouter
from gateway_service.links import use_cases
from gateway_service.links.domain import looks_ahead
from gateway_service.links.use_cases import Tap
from gateway_service.login.router import AddressDep
from gateway_service.pages import secured, spoken
from gateway_service.parts import Parts, PartsDep

router = APIRouter()


@router.head("/l/{token}")
async def look(token: str, request: Request, parts: PartsDep, caller: AddressDep) -> Response:
    """The same answer, for programs that look ahead; nothing is counted."""
    return await _led(token, request, parts, caller)


@router.get("/l/{token}")
async def follow(token: str, request: Request, parts: PartsDep, caller: AddressDep) -> Response:
    """On to where it leads; the caller's address is kept by nobody, and the shop is told nothing
    of where the browser comes from."""
    return await _led(token, request, parts, caller)


async def _led(token: str, request: Request, parts: Parts, caller: str) -> Response:
    language = spoken(request.headers.get("accept-language", ""))
    tap = Tap(token, language, caller, looks_ahead(request.method, request.headers))
    url, page, status = await use_cases.follow(parts.inner, parts.limits, tap)
    if url is None:
        return secured(page, status)
    answer = Response(status_code=302, headers={"Location": url})
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
