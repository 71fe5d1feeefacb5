"""The sign-in page, accounts, and one's own password and second factor."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.staff import (
    OtpRequest,
    PasswordChange,
    SecondFactorOffer,
    StaffAnswer,
    StaffChange,
    StaffList,
    StaffRequest,
    StepUpAnswer,
)
from gateway_service.access.use_cases import read_request
from gateway_service.audit.calls import AUDITED, ToldDep
from gateway_service.login.router import AddressDep, LoginDep
from gateway_service.pages import secured
from gateway_service.parts import Parts, PartsDep
from gateway_service.staff import accounts, use_cases
from gateway_service.staff.accounts import Door
from gateway_service.staff.page import STATUS, language, page
from gateway_service.staff.steps import GoBack, Show

router = APIRouter()
COOKIE = "__Host-huiyuan-sign-in"


async def _door(parts: PartsDep, login: LoginDep, told: ToldDep) -> Door:
    return Door(parts.tokens, parts.keys, parts.limits, login, told)


DoorDep = Annotated[Door, Depends(_door)]


def _shown(request: Request, outcome: Show | GoBack, cookie: str) -> Response:
    if isinstance(outcome, GoBack):
        return RedirectResponse(outcome.uri, 303)
    lang = language(outcome.query, request.headers.get("accept-language", ""))
    status = STATUS.get(outcome.wrong, 400) if outcome.wrong else 200
    target = use_cases.form_target(outcome.query) if outcome.step != "error" else ""
    answer = secured(page(outcome, lang), status, target)
    if cookie:
        answer.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="strict", path="/")
    return answer


@router.get("/oauth2/authorize")
async def authorize(request: Request, tx: ReadDep, door: DoorDep, parts: PartsDep) -> Response:
    """RFC 6749, section 3.1, with RFC 7636 and RFC 9207."""
    cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    asked = _read(request, parts, request.url.query.encode())
    return _shown(request, await use_cases.ask(tx, door, asked, cookie), cookie)


@router.post("/oauth2/authorize", status_code=303)
async def sign_in(
    request: Request, tx: TxDep, door: DoorDep, parts: PartsDep, caller: AddressDep
) -> Response:
    """A step of the page."""
    form = _read(request, parts, await request.body()).form
    cookie = request.cookies.get(COOKIE, "")
    return _shown(request, await use_cases.proceed(tx, door, form, cookie, caller), "")


def _read(request: Request, parts: Parts, fields: bytes) -> Any:
    return read_request(request.method, f"{parts.tokens.issuer}/oauth2/authorize", fields, "")


@router.get("/v1/staff")
async def listed(tx: ReadDep) -> StaffList:
    """Every account."""
    return await accounts.listed(tx)


@router.post("/v1/staff", status_code=201, dependencies=[AUDITED])
async def admit(body: StaffRequest, tx: TxDep) -> StaffAnswer:
    """A new account."""
    return await accounts.admit(tx, body)


@router.patch("/v1/staff/{username}", dependencies=[AUDITED])
async def change(username: str, body: StaffChange, tx: TxDep, parts: PartsDep) -> StaffAnswer:
    """Another role, store or password; or nobody any more."""
    return await accounts.change(tx, parts.tokens, username, body)


@router.put("/v1/me/password", status_code=204, dependencies=[AUDITED])
async def change_password(
    body: PasswordChange, tx: TxDep, parts: PartsDep, principal: PrincipalDep
) -> Response:
    """One's own."""
    await accounts.change_password(tx, parts.tokens, principal, body.old, body.new)
    return Response(status_code=204)


@router.post("/v1/me/second-factor", status_code=201, dependencies=[AUDITED])
async def offer_second_factor(
    tx: TxDep, parts: PartsDep, principal: PrincipalDep
) -> SecondFactorOffer:
    """A secret for an authenticator."""
    return await accounts.offer_second_factor(tx, parts.keys, principal)


@router.post("/v1/me/second-factor/confirm", status_code=204, dependencies=[AUDITED])
async def confirm_second_factor(
    body: OtpRequest, tx: TxDep, door: DoorDep, principal: PrincipalDep
) -> Response:
    """The authenticator works."""
    await accounts.confirm_second_factor(tx, door, principal, body.otp)
    return Response(status_code=204)


@router.post("/v1/me/step-up", dependencies=[AUDITED])
async def step_up(body: OtpRequest, request: Request, tx: TxDep, door: DoorDep) -> StepUpAnswer:
    """A token for what needs the second factor."""
    bearer = request.headers.get("authorization", "").partition(" ")[2]
    return await accounts.step_up(tx, door, bearer, body.otp)
