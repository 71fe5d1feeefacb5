"""What the steps of the sign-in page share: what is shown, what goes along, and the way back."""

import secrets
from dataclasses import dataclass
from datetime import datetime

import msgspec
from authlib.common.urls import add_params_to_uri

from chassis.database import Tx
from gateway_service.access import repository as sign_ins
from gateway_service.access.domain import CODE_LIFE, Client, Family, Holder, hash_secret
from gateway_service.access.repository import StoredCode
from gateway_service.access.strongbox import lock, unlock
from gateway_service.staff.accounts import Door
from gateway_service.staff.domain import SigningIn

_PURPOSE = "sign-in"


@dataclass(frozen=True, slots=True)
class Show:
    """A page: its step (`password`, `otp`, `phone`, `sms` or `error`), what it carries along, what
    was wrong."""

    step: str
    query: dict[str, str]
    ticket: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class GoBack:
    """To the client."""

    uri: str


@dataclass(frozen=True, slots=True)
class Lasts:
    """How long a sign-in does, and its second factor."""

    until: datetime
    stepped_up_until: datetime | None = None


async def begun(
    tx: Tx, door: Door, query: dict[str, str], client: Client, whose: tuple[Holder, Lasts]
) -> GoBack:
    """A sign-in begins: the client gets a code for it."""
    holder, lasts = whose
    family = Family(
        tx.ids.new(), client.client_id, holder, client.get_allowed_scope(query.get("scope")),
        tx.now, lasts.until, lasts.stepped_up_until,
    )  # fmt: skip
    code = secrets.token_urlsafe(32)
    bound = StoredCode(
        family, query["redirect_uri"], query["code_challenge"], query.get("nonce"),
        tx.now + CODE_LIFE, None,
    )  # fmt: skip
    await sign_ins.add_family(tx, family)
    await sign_ins.add_code(tx, hash_secret(code), bound)
    return back(door, query, code=code)


def back(door: Door, query: dict[str, str], **answer: str) -> GoBack:
    """The client's address with an answer, the state, and who we are (RFC 9207)."""
    told = {**answer, "state": query.get("state"), "iss": door.tokens.issuer}
    params = [(name, value) for name, value in told.items() if value]
    return GoBack(add_params_to_uri(query["redirect_uri"], params))


def locked(door: Door, known: SigningIn) -> str:
    """What a page carries along; only we can read it."""
    return lock(door.keys, _PURPOSE, msgspec.json.encode(known), _PURPOSE).hex()


def unlocked(door: Door, ticket: str) -> SigningIn | None:
    """The same back, or None for what is none of ours."""
    try:
        content = unlock(door.keys, _PURPOSE, bytes.fromhex(ticket), _PURPOSE)
        return msgspec.json.decode(content, type=SigningIn)
    except ValueError:
        return None
