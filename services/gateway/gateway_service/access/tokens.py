"""Access tokens (RFC 9068): ES256 JWTs, signed with the newest key, verified once, remembered."""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from chassis.clock import Clock
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.roles import Role
from gateway_service.access.domain import SECOND_FACTOR, Family, Holder
from gateway_service.access.repository import StoredKey
from gateway_service.access.revocations import Revocations
from gateway_service.access.strongbox import lock, unlock
from gateway_service.vault.keys import Keys

AUDIENCE = "huiyuan"
ACCESS_TOKEN, ID_TOKEN = "at+jwt", "JWT"
_ALGORITHM = "ES256"
_RELOAD_SECONDS = 1.0


def new_signing_key(keys: Keys, now: datetime) -> StoredKey:
    """A fresh P-256 pair whose private half only this installation's root key opens."""
    pair = ECKey.generate_key("P-256", auto_kid=True)
    private = msgspec.json.encode(pair.as_dict(private=True))
    sealed = lock(keys, "signing", private, str(pair.kid))
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

    def sign(self, claims: dict[str, object], typ: str) -> str:
        """A token of this type signed with the newest key."""
        kid = next(reversed(self._pairs), None)
        if kid is None:
            raise LookupError("no signing key")
        return jwt.encode({"alg": _ALGORITHM, "kid": kid, "typ": typ}, claims, self._pairs[kid])

    def claims(self, token: str, typ: str) -> dict[str, object]:
        """The claims of a token of this type signed by one of ours.

        Its header may choose among our keys and nothing else: neither algorithm nor key come from
        the token. Raises JoseError or ValueError.
        """
        ring = KeySet(list(self._pairs.values()))
        known = jwt.decode(token, ring, algorithms=[_ALGORITHM])
        if known.header.get("typ") != typ or known.header.get("kid") not in self._pairs:
            raise ValueError("a token of another kind")
        return dict(known.claims)

    def _unsealed(self, row: StoredKey) -> ECKey:
        private = unlock(self._keys, "signing", row.private_sealed, row.kid)
        return ECKey.import_key(msgspec.json.decode(private))


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and its life in seconds."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says. Times in epoch seconds; `marks` are what it can be revoked by."""

    principal: Principal
    claims: dict[str, object]
    expires: float
    issued: float
    marks: tuple[str, ...]


class Tokens:
    """Issues and verifies. Times follow the injected clock: a jump ends tokens, as it should."""

    def __init__(
        self, ring: KeyRing, clock: Clock, issuer: str, seconds: int, remembered: int
    ) -> None:
        self.ring, self.issuer, self.seconds = ring, issuer, seconds
        self.revocations = Revocations()
        self._clock, self._most = clock, remembered
        self._known: dict[bytes, Verified] = {}
        self._reloaded = 0.0
        self.reload: Callable[[], Awaitable[None]] | None = None

    def issue(self, client_id: str, holder: Holder, family: Family | None = None) -> Issued:
        """A token that speaks for `holder`; one that is stepped up ends with the step-up."""
        now = self._clock.now()
        seconds = self.seconds
        until = family.steps_until(now) if family else None
        if until is not None:
            holder = replace(holder, stepped_up=True)
            seconds = min(seconds, int((until - now).total_seconds()))
        claims = self._claims_of(client_id, holder, int(now.timestamp()), seconds)
        if family is not None:
            claims |= {
                "sid": str(family.family_id),
                "auth_time": int(family.auth_time.timestamp()),
            }
        return Issued(self.ring.sign(claims, ACCESS_TOKEN), seconds)

    def _claims_of(
        self, client_id: str, holder: Holder, now: int, seconds: int
    ) -> dict[str, object]:
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": holder.subject,
            "client_id": client_id,
            "role": holder.role,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_hex(12),
        }
        if holder.member_id is not None:
            claims["member_id"] = str(holder.member_id)
        if holder.store is not None:
            claims["store"] = holder.store
        if holder.stepped_up:
            claims["acr"] = SECOND_FACTOR
        return claims

    def id_token(self, family: Family, nonce: str | None, access_token: str) -> str:
        """Who signed in, for the client alone (OpenID Connect); opens nothing here."""
        now = self._clock.now()
        half = create_half_hash(access_token, _ALGORITHM)
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": family.client_id,
            "sub": family.holder.subject,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + self.seconds,
            "auth_time": int(family.auth_time.timestamp()),
            "sid": str(family.family_id),
            "at_hash": half.decode() if half else "",
        }
        if nonce:
            claims["nonce"] = nonce
        if family.steps_until(now):
            claims["acr"] = SECOND_FACTOR
        return self.ring.sign(claims, ID_TOKEN)

    async def principal(self, authorization: bytes | None) -> Principal:
        """Who calls. Raises Problem 401: token_missing, _invalid, _expired or _revoked."""
        known = self._known.get(authorization or b"")
        if known is None:
            known = await self._bearer(authorization)
        if known.expires <= self._clock.now().timestamp():
            self._known.pop(authorization or b"", None)
            raise token_problem("token_expired", "The token has expired")
        if self.revocations.hits(known.marks, known.issued):
            raise token_problem("token_revoked", "The token has been revoked")
        return known.principal

    async def active(self, token: str) -> Verified | None:
        """What a token says, if it is ours and counts now."""
        try:
            known = await self._verified(token)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        over = known.expires <= self._clock.now().timestamp()
        return None if over or self.revocations.hits(known.marks, known.issued) else known

    async def _bearer(self, authorization: bytes | None) -> Verified:
        if not authorization:
            raise token_problem("token_missing", "This call needs a bearer token")
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise token_problem("token_missing", "This call needs a bearer token")
        try:
            verified = await self._verified(token.decode())
        except (JoseError, ValueError, KeyError, TypeError):
            raise token_problem("token_invalid", "The token is not one of ours") from None
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[authorization] = verified
        return verified

    async def _verified(self, token: str) -> Verified:
        """Another gateway may have made a new key: look once more, but not for every forgery."""
        try:
            claims = self.ring.claims(token, ACCESS_TOKEN)
        except (JoseError, ValueError):
            now = time.monotonic()
            if self.reload is None or now - self._reloaded < _RELOAD_SECONDS:
                raise
            self._reloaded = now
            await self.reload()
            claims = self.ring.claims(token, ACCESS_TOKEN)
        return _read(claims, self.issuer)


def _read(claims: dict[str, object], issuer: str) -> Verified:
    """Raises ValueError, KeyError or TypeError for what is no access token of this platform."""
    if claims["aud"] != AUDIENCE or claims["iss"] != issuer:
        raise ValueError("of others, or for others")
    member, store = claims.get("member_id"), claims.get("store")
    signed_in = claims.get("auth_time", claims["iat"])
    principal = Principal(
        Role(str(claims["role"])),
        str(claims["sub"]),
        UUID(str(member)) if member else None,
        store=str(store) if store else None,
        stepped_up=claims.get("acr") == SECOND_FACTOR,
        signed_in_at=datetime.fromtimestamp(float(str(signed_in)), UTC),
        project=str(claims["client_id"]),
    )
    marks = [token_mark(str(claims["jti"])), client_mark(str(claims["client_id"]))]
    marks.append(subject_mark(principal.subject))
    if "sid" in claims:
        marks.append(family_mark(str(claims["sid"])))
    expires, issued = float(str(claims["exp"])), float(str(claims["iat"]))
    return Verified(principal, claims, expires, issued, tuple(marks))


def token_mark(jti: str) -> str:
    """One access token."""
    return f"token:{jti}"


def family_mark(family_id: object) -> str:
    """Every access token of a sign-in."""
    return f"family:{family_id}"


def client_mark(client_id: str) -> str:
    """Every access token that was issued to a client."""
    return f"client:{client_id}"


def subject_mark(subject: str) -> str:
    """Every access token that speaks for somebody."""
    return f"subject:{subject}"
