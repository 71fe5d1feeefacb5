"""Who signed a request, and whether its body is the one that was signed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import http_sf
from cryptography.hazmat.primitives.serialization import load_der_public_key
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from chassis.clock import Clock
from chassis.database import Database
from chassis.principal import Principal
from chassis.problem import Problem
from gateway_service.signatures import repository
from gateway_service.signatures.domain import SigningClient, in_window, is_nonce, lacking
from gateway_service.signatures.nonces import Nonces

_REMEMBERED_SECONDS = 2.0  # a key that is withdrawn ends after so long
_MOST_REMEMBERED = 10_000
_ALGORITHMS: dict[str, Any] = {
    "OKP": algorithms.ED25519,
    "EC": algorithms.ECDSA_P256_SHA256,
}


def public_key(jwk: Mapping[str, str]) -> Any:
    """The key of a JWK that partners may sign with: Ed25519 or P-256. Raises ValueError."""
    key: OKPKey | ECKey
    try:
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
            key = OKPKey.import_key(dict(jwk))
        elif jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            key = ECKey.import_key(dict(jwk))
        else:
            raise ValueError("Ed25519 or P-256")
    except (JoseError, TypeError, KeyError):
        raise ValueError("not a public key") from None
    return load_der_public_key(key.as_der(private=False))


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the library wants to see it."""

    method: str
    url: str
    headers: dict[str, str]


class _Verifier(HTTPMessageVerifier):
    """Times are looked at by our clock, not by the machine's."""

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        """See `Signatures.caller`."""


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> Any:
        """The one that was looked up by the key id before."""
        return self._key


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose head is good; `check` the body when it is there."""

    principal: Principal
    _verifier: _Verifier
    _message: _Message
    _results: list[VerifyResult]

    def check(self, body: bytes) -> None:
        """Raises Problem 401 for a body that was not signed, or for another one."""
        try:
            self._verifier.verify_body(self._message, self._results, body)
        except InvalidSignature:
            raise signature_problem(
                "digest_invalid", "The body is not what the signed Content-Digest says"
            ) from None


class Unsigned(Problem):
    """401, and the client whose key the request names."""

    def __init__(self, problem: Problem, client: SigningClient) -> None:
        super().__init__(problem.status, problem.code, problem.title, headers=problem.headers)
        self.client_id, self.role = client.client_id, client.role


class Signatures:
    """`(await caller(…)).check(body)`."""

    def __init__(self, nonces: Nonces, clock: Clock, public_url: str) -> None:
        self.nonces = nonces
        self.db: Database | None = None
        self._clock, self._public_url = clock, public_url
        self._known: dict[str, tuple[SigningClient | None, Any, float]] = {}

    async def caller(
        self, method: str, path: bytes, query: bytes, headers: Mapping[bytes, bytes]
    ) -> Signed:
        """Whose request this is; its nonce is used up. Raises Problem 401 or 503."""
        target = path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        message = _Message(method, self._public_url + target, told)
        key_id = _key_id(message)
        client, key = await self._signer(key_id)
        if client is None:
            raise _invalid()
        try:
            return await self._checked(client, key, key_id, message, query=bool(query))
        except Problem as problem:
            if problem.status == 401:
                raise Unsigned(problem, client) from None
            raise

    async def _checked(
        self, client: SigningClient, key: Any, key_id: str, message: _Message, *, query: bool
    ) -> Signed:
        verifier = _Verifier(
            signature_algorithm=_ALGORITHMS[client.public_jwk["kty"]], key_resolver=_OneKey(key)
        )
        try:
            results = verifier.verify(message, max_age=None)
            (result,) = results
        except (InvalidSignature, ValueError):
            raise _invalid() from None
        missing = lacking(set(result.covered_components), query=query)
        if missing:
            raise signature_problem("signature_incomplete", f"The signature leaves {missing} open")
        await self._used(key_id, result)
        principal = Principal(client.role, client.client_id, store=client.store)
        return Signed(principal, verifier, message, results)

    async def _used(self, key_id: str, result: VerifyResult) -> None:
        now = self._clock.now()
        created, expires = result.parameters.get("created"), result.parameters.get("expires")
        if not in_window(created, now):
            raise signature_problem("signature_expired", "The signature is not of this moment")
        if expires is not None and float(expires) <= now.timestamp():
            raise signature_problem("signature_expired", "The signature has expired")
        if not is_nonce(result.nonce):
            raise signature_problem("signature_incomplete", "The signature has no usable nonce")
        fresh = await self.nonces.use(key_id, str(result.nonce), int(created or 0), now.timestamp())
        if fresh == 0:
            raise signature_problem("nonce_used", "This request was made before")
        if fresh < 0:
            title = "The signature is older than what is remembered; sign again"
            raise signature_problem("signature_expired", title)

    async def _signer(self, key_id: str) -> tuple[SigningClient | None, Any]:
        now = time.monotonic()
        known = self._known.get(key_id)
        if known is not None and known[2] > now:
            return known[0], known[1]
        assert self.db is not None
        async with self.db.transaction(readonly=True) as tx:
            client = await repository.signer(tx, key_id)
        key = public_key(client.public_jwk) if client else None
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key_id] = client, key, now + _REMEMBERED_SECONDS
        return client, key


def _key_id(message: _Message) -> str:
    """Who says to have signed; looked at before the signature, so nothing but a question."""
    try:
        inputs: Any = http_sf.parse(
            message.headers["signature-input"].encode("latin-1"), tltype="dictionary"
        )
        ((_, parameters),) = inputs.values()
        return str(parameters["keyid"])
    except (ValueError, KeyError, TypeError):
        raise _invalid() from None


def _invalid() -> Problem:
    return signature_problem("signature_invalid", "The signature is not one of a key we know")


def signature_problem(code: str, title: str) -> Problem:
    """401; nothing of what was sent is in it."""
    return Problem(401, code, title, headers={"WWW-Authenticate": 'Signature realm="huiyuan"'})
