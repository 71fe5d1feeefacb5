"""Access tokens: ES256 JWTs, signed with the newest key, verified once and then remembered."""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from chassis.clock import Clock
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.roles import Role
from gateway_service.access.domain import SECOND_FACTOR, Holder
from gateway_service.access.repository import StoredKey
from gateway_service.vault.keys import Keys

AUDIENCE = "huiyuan"
_ALGORITHM = "ES256"
_NONCE_BYTES = 12
_RELOAD_SECONDS = 1.0


def new_signing_key(keys: Keys, now: datetime) -> StoredKey:
    """A fresh P-256 pair whose private half only this installation's root key opens."""
    pair = ECKey.generate_key("P-256", auto_kid=True)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    private = msgspec.json.encode(pair.as_dict(private=True))
    sealed = nonce + keys.private("signing").encrypt(nonce, private, str(pair.kid).encode())
    public = {name: str(value) for name, value in pair.as_dict(private=False).items()}
    return StoredKey(str(pair.kid), public, sealed, now)


def token_problem(code: str, title: str) -> Problem:
    """401 with the challenge of RFC 6750."""
    challenge = "Bearer" if code == "token_missing" else 'Bearer error="invalid_token"'
    return Problem(401, code, title, headers={"WWW-Authenticate": challenge})


class KeyRing:
    """The signing keys in memory. Raises LookupError while there is none."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._pairs: dict[str, ECKey] = {}
        self.public: list[dict[str, str]] = []

    def load(self, stored: Iterable[StoredKey]) -> None:
        """Hold exactly these, the newest last; known ones are not decrypted again."""
        rows = list(stored)
        self._pairs = {row.kid: self._pairs.get(row.kid) or self._unsealed(row) for row in rows}
        self.public = [row.public_jwk for row in rows]

    def sign(self, claims: dict[str, object]) -> str:
        """A token signed with the newest key."""
        kid = next(reversed(self._pairs), None)
        if kid is None:
            raise LookupError("no signing key")
        return jwt.encode({"alg": _ALGORITHM, "kid": kid}, claims, self._pairs[kid])

    def claims(self, token: str) -> dict[str, object]:
        """The claims of a token signed by one of ours. Raises JoseError or ValueError."""
        ring = KeySet(list(self._pairs.values()))
        return dict(jwt.decode(token, ring, algorithms=[_ALGORITHM]).claims)

    def _unsealed(self, row: StoredKey) -> ECKey:
        nonce, sealed = row.private_sealed[:_NONCE_BYTES], row.private_sealed[_NONCE_BYTES:]
        private = self._keys.private("signing").decrypt(nonce, sealed, row.kid.encode())
        return ECKey.import_key(msgspec.json.decode(private))


class Tokens:
    """Issues and verifies. Times follow the injected clock: a jump ends tokens, as it should."""

    def __init__(self, ring: KeyRing, clock: Clock, seconds: int, remembered: int) -> None:
        self.ring, self.seconds = ring, seconds
        self._clock, self._most = clock, remembered
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._reloaded = 0.0
        self.reload: Callable[[], Awaitable[None]] | None = None

    def issue(self, issuer: str, holder: Holder) -> str:
        """A token that speaks for `holder`."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": issuer,
            "aud": AUDIENCE,
            "sub": holder.subject,
            "role": holder.role,
            "iat": now,
            "exp": now + self.seconds,
            "jti": secrets.token_hex(12),
        }
        if holder.member_id is not None:
            claims["member_id"] = str(holder.member_id)
        if holder.store is not None:
            claims["store"] = holder.store
        if holder.stepped_up:
            claims["acr"] = SECOND_FACTOR
        return self.ring.sign(claims)

    async def principal(self, authorization: bytes | None) -> Principal:
        """Who calls. Raises Problem 401: token_missing, token_invalid or token_expired."""
        known = self._known.get(authorization or b"")
        if known is None:
            known = await self._verified(authorization)
        if known[1] <= self._clock.now().timestamp():
            self._known.pop(authorization or b"", None)
            raise token_problem("token_expired", "The token has expired")
        return known[0]

    async def _verified(self, authorization: bytes | None) -> tuple[Principal, float]:
        if not authorization:
            raise token_problem("token_missing", "This call needs a bearer token")
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise token_problem("token_missing", "This call needs a bearer token")
        try:
            verified = _read(await self._claims(token.decode()))
        except (JoseError, ValueError, KeyError, TypeError):
            raise token_problem("token_invalid", "The token is not one of ours") from None
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[authorization] = verified
        return verified

    async def _claims(self, token: str) -> dict[str, object]:
        """Another gateway may have made a new key: look once more, but not for every forgery."""
        try:
            return self.ring.claims(token)
        except (JoseError, ValueError):
            now = time.monotonic()
            if self.reload is None or now - self._reloaded < _RELOAD_SECONDS:
                raise
            self._reloaded = now
            await self.reload()
            return self.ring.claims(token)


def _read(claims: dict[str, object]) -> tuple[Principal, float]:
    if claims["aud"] != AUDIENCE:
        raise ValueError("another audience")
    member, store = claims.get("member_id"), claims.get("store")
    principal = Principal(
        Role(str(claims["role"])),
        str(claims["sub"]),
        UUID(str(member)) if member else None,
        store=str(store) if store else None,
        stepped_up=claims.get("acr") == SECOND_FACTOR,
    )
    return principal, float(str(claims["exp"]))
