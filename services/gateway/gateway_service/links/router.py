"""One hop."""

from fastapi import Request, Response

from chassis.web import APIRouter
from gateway_service.links import use_cases
from gateway_service.links.domain import looks_ahead
from gateway_service.links.use_cases import Tap
from gateway_service.login.router import AddressDep
from gateway_service.pages import secured, spoken
from gateway_service.parts import PartsDep

router = APIRouter()


@router.api_route("/l/{token}", methods=["GET", "HEAD"])
async def follow(token: str, request: Request, parts: PartsDep, caller: AddressDep) -> Response:
    """On to where it leads; the address is kept by nobody, and tells the shop nothing of us."""
    language = spoken(request.headers.get("accept-language", ""))
    tap = Tap(token, language, caller, looks_ahead(request.method, request.headers))
    url, page, status = await use_cases.follow(parts.inner, parts.limits, tap)
    if url is None:
        return secured(page, status)
    answer = Response(status_code=302, headers={"Location": url})
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
