"""Tokens, their keys, and who may ask for them."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from chassis.web import APIRouter, TxDep
from contracts.gateway.access import (
    ClientAnswer,
    ClientRequest,
    Discovery,
    Jwk,
    Jwks,
    TokenAnswer,
    WriteKeyAnswer,
    WriteKeyRequest,
)
from gateway_service.access import use_cases
from gateway_service.access.domain import OAuthError
from gateway_service.parts import PartsDep

router = APIRouter()


def issuer_of(request: Request) -> str:
    """The public address: the setting, or what the caller called us."""
    settings = request.app.state.settings
    return settings.public_url or f"https://{request.headers.get('host', 'localhost')}"


@router.post("/oauth2/token")
async def token(request: Request, tx: TxDep, parts: PartsDep) -> TokenAnswer:
    """RFC 6749, section 4.4."""
    return await use_cases.exchange(
        tx,
        parts.tokens,
        issuer_of(request),
        request.headers.get("authorization", ""),
        await request.body(),
        dev=parts.settings.dev,
    )


@router.get("/.well-known/jwks.json")
async def jwks(parts: PartsDep) -> Jwks:
    """RFC 7517."""
    return Jwks(keys=[Jwk(**key) for key in parts.tokens.ring.public])


@router.get("/.well-known/openid-configuration")
async def discovery(request: Request) -> Discovery:
    """What there is, and where."""
    issuer = issuer_of(request)
    return Discovery(
        issuer=issuer,
        token_endpoint=f"{issuer}/oauth2/token",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        grant_types_supported=["client_credentials"],
        response_types_supported=[],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["ES256"],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
    )


@router.post("/v1/clients", status_code=201)
async def admit_client(body: ClientRequest, tx: TxDep) -> ClientAnswer:
    """A new client of one role."""
    secret = await use_cases.admit_client(tx, body.client_id, body.role)
    return ClientAnswer(client_id=body.client_id, client_secret=secret, role=body.role)


@router.post("/v1/write-keys", status_code=201)
async def admit_source(body: WriteKeyRequest, tx: TxDep) -> WriteKeyAnswer:
    """A new source, or a new key for it."""
    return WriteKeyAnswer(name=body.name, write_key=await use_cases.admit_source(tx, body.name))


def install_errors(app: FastAPI) -> None:
    """Errors of the token endpoint have the shape of RFC 6749."""

    @app.exception_handler(OAuthError)
    async def _oauth(request: Request, error: OAuthError) -> JSONResponse:
        headers = {"WWW-Authenticate": "Basic"} if error.status == 401 else {}
        body = {"error": error.error, "error_description": error.description}
        return JSONResponse(body, error.status, headers)
