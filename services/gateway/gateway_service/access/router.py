"""Tokens, their keys, and who may ask for them."""

from collections.abc import Mapping
from typing import Annotated

from authlib.oauth2 import OAuth2Error
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.gateway.access import (
    ClientAnswer,
    ClientRequest,
    Clients,
    Discovery,
    Grant,
    Introspection,
    Jwk,
    Jwks,
    WriteKeyAnswer,
    WriteKeyRequest,
)
from gateway_service.access import clients, use_cases
from gateway_service.access.domain import SECOND_FACTOR
from gateway_service.access.protocol import AUTH_METHODS, Reply, refused
from gateway_service.access.protocol import Request as OAuthRequest
from gateway_service.audit.calls import AUDITED, ToldDep
from gateway_service.login.router import AddressDep, LoginDep
from gateway_service.login.use_cases import Caller, prove
from gateway_service.parts import PartsDep

router = APIRouter()


async def _oauth(request: Request, parts: PartsDep) -> OAuthRequest:
    return use_cases.read_request(
        request.method,
        f"{parts.tokens.issuer}{request.url.path}",
        await request.body(),
        request.headers.get("authorization", ""),
    )


OAuthDep = Annotated[OAuthRequest, Depends(_oauth)]


def answered(reply: Reply) -> JSONResponse:
    """A reply of the protocol."""
    status, body, headers = reply
    more: Mapping[str, str] = dict(headers)
    return JSONResponse(body, status, {k: v for k, v in more.items() if k != "Content-Type"})


@router.post("/oauth2/token")
async def token(
    request: OAuthDep, tx: TxDep, told: ToldDep, login: LoginDep, caller: AddressDep
) -> JSONResponse:
    """RFC 6749, section 3.2."""
    loaded = await use_cases.load(tx, request, dev=login.dev)
    await prove(tx, login, Caller(caller, told), request, loaded)
    return answered(await use_cases.exchange(tx, login.tokens, told, request, loaded))


@router.post("/oauth2/revoke")
async def revoke(request: OAuthDep, tx: TxDep, told: ToldDep, parts: PartsDep) -> JSONResponse:
    """RFC 7009."""
    return answered(await use_cases.revoke(tx, parts.tokens, told, request))


@router.post("/oauth2/introspect", response_model_exclude_none=True)
async def introspect(request: OAuthDep, tx: TxDep, told: ToldDep, parts: PartsDep) -> Introspection:
    """RFC 7662."""
    return await use_cases.introspect(tx, parts.tokens, told, request)


@router.get("/.well-known/jwks.json")
async def jwks(parts: PartsDep) -> Jwks:
    """RFC 7517."""
    return Jwks(keys=[Jwk(**key) for key in parts.tokens.ring.public])


@router.get("/.well-known/openid-configuration")
@router.get("/.well-known/oauth-authorization-server")
async def discovery(parts: PartsDep) -> Discovery:
    """What there is, and where."""
    issuer = parts.tokens.issuer
    return Discovery(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/oauth2/authorize",
        token_endpoint=f"{issuer}/oauth2/token",
        revocation_endpoint=f"{issuer}/oauth2/revoke",
        introspection_endpoint=f"{issuer}/oauth2/introspect",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        scopes_supported=["openid"],
        grant_types_supported=list(Grant),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["ES256"],
        token_endpoint_auth_methods_supported=AUTH_METHODS,
        revocation_endpoint_auth_methods_supported=AUTH_METHODS,
        introspection_endpoint_auth_methods_supported=AUTH_METHODS[:2],
        code_challenge_methods_supported=["S256"],
        acr_values_supported=[SECOND_FACTOR],
        claims_supported=["sub", "auth_time", "acr", "nonce", "sid"],
        ui_locales_supported=["zh-CN", "en"],
        prompt_values_supported=["login"],
        authorization_response_iss_parameter_supported=True,
    )


@router.get("/v1/clients")
async def listed(tx: ReadDep) -> Clients:
    """Every client."""
    return await clients.listed(tx)


@router.post("/v1/clients", status_code=201, dependencies=[AUDITED])
async def admit_client(body: ClientRequest, tx: TxDep) -> ClientAnswer:
    """A new client."""
    return await clients.admit(tx, body)


@router.delete("/v1/clients/{client_id}", status_code=204, dependencies=[AUDITED])
async def put_out(client_id: str, tx: TxDep, parts: PartsDep) -> Response:
    """One client less."""
    await clients.put_out(tx, parts.tokens, client_id)
    return Response(status_code=204)


@router.post("/v1/write-keys", status_code=201, dependencies=[AUDITED])
async def admit_source(body: WriteKeyRequest, tx: TxDep) -> WriteKeyAnswer:
    """A new source, or a new key for it."""
    return await clients.admit_source(tx, body)


def install_errors(app: FastAPI) -> None:
    """Errors of OAuth have the shape of RFC 6749."""

    @app.exception_handler(OAuth2Error)
    async def _refused(request: Request, error: OAuth2Error) -> JSONResponse:
        return answered(refused(error))
