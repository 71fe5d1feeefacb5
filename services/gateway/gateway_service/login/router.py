"""Codes for members' phones."""

from typing import Annotated

from fastapi import Depends, Request, Response

from chassis.web import APIRouter, TxDep
from contracts.gateway.access import LoginCodeRequest
from gateway_service.access.limits import address
from gateway_service.login import use_cases
from gateway_service.login.use_cases import Login
from gateway_service.parts import PartsDep

router = APIRouter()


async def _login(request: Request) -> Login:
    login: Login = request.app.state.login
    return login


async def _address(request: Request, parts: PartsDep) -> str:
    headers = dict(request.scope["headers"])
    return address(request.scope, headers, parts.settings.trusted_proxies)


LoginDep = Annotated[Login, Depends(_login)]
AddressDep = Annotated[str, Depends(_address)]


@router.post("/v1/login/codes", status_code=202)
async def send_code(
    body: LoginCodeRequest, tx: TxDep, login: LoginDep, caller: AddressDep
) -> Response:
    """The same answer whoever it is."""
    await use_cases.send_code(tx, login, body.phone, caller)
    return Response(status_code=202)
