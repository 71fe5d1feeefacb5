"""Staff: accounts, the sign-in page, password and second factor."""

from typing import Annotated, Any

from pydantic import Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.gateway.common import ACCESS, ADMINS, NOBODY, ClientId
from contracts.operations import Operation, Query
from contracts.roles import STAFF, Role

Password = Annotated[str, Field(min_length=12, max_length=256), internal]
Otp = Annotated[str, Field(pattern=r"^[0-9]{6}$"), internal]
Store = Annotated[str | None, Field(min_length=1, max_length=64), internal]


class SignInForm(Model):
    """What the sign-in page sends: `ticket` is the page's own, then password or code; of members
    the phone, then the code that it got, or that another one is wanted (`again`)."""

    ticket: Annotated[str, internal]
    username: Annotated[str | None, internal] = None
    password: Annotated[str | None, internal] = None
    otp: Annotated[str | None, internal] = None
    phone: Annotated[str | None, personal(Kind.PHONE, at="login_code.number_index")] = None
    sms: Annotated[str | None, internal] = None
    again: Annotated[str | None, public] = None


class StaffRequest(Model):
    """Somebody who may sign in. `store` is where a till or a guide works."""

    username: Annotated[ClientId, internal]
    role: Annotated[Role, public]
    store: Store = None


class StaffAnswer(Model):
    """The first password is shown this once; its holder changes it (`PUT /v1/me/password`)."""

    username: Annotated[str, internal]
    role: Annotated[Role, public]
    store: Annotated[str | None, internal] = None
    password: Annotated[str | None, internal] = None


class StaffChange(Model):
    """What is left out stays. Each change ends the sessions of the account.

    `reset_password` answers a new first password, `reset_second_factor` forgets the device.
    """

    role: Annotated[Role | None, public] = None
    store: Store = None
    disabled: Annotated[bool | None, public] = None
    reset_password: Annotated[bool, public] = False
    reset_second_factor: Annotated[bool, public] = False


class StaffItem(Model):
    """An account."""

    username: Annotated[str, internal]
    role: Annotated[Role, public]
    store: Annotated[str | None, internal] = None
    second_factor: Annotated[bool, public]
    disabled: Annotated[bool, public]


class StaffList(Model):
    """By name."""

    data: Annotated[list[StaffItem], internal]


class PasswordChange(Model):
    """The old one, and one of 12 characters at least."""

    old: Annotated[str, Field(max_length=256), internal]
    new: Password


class SecondFactorOffer(Model):
    """A secret for an authenticator app, shown this once; it counts when a code of it was sent."""

    secret: Annotated[str, internal]
    otpauth_uri: Annotated[str, internal]


class OtpRequest(Model):
    """What the authenticator shows."""

    otp: Otp


class StepUpAnswer(Model):
    """A token that a second factor was shown for; `expires_in` in seconds."""

    access_token: Annotated[str, internal]
    token_type: Annotated[str, public] = "Bearer"
    expires_in: Annotated[int, public]
    scope: Annotated[str, public]


_WORKERS = frozenset(STAFF)
_ASKED = (
    Query("response_type", str, "`code`", required=True),
    Query("client_id", str, "who sends the browser here", required=True),
    Query("redirect_uri", str, "where it goes back to, exactly as admitted", required=True),
    Query("code_challenge", str, "RFC 7636", required=True),
    Query("code_challenge_method", str, "`S256`", required=True),
    Query("state", str, "comes back with the code"),
    Query("scope", str, "`openid` for an ID token"),
    Query("nonce", str, "comes back in the ID token"),
    Query("acr_values", str, "`mfa`: with second factor only"),
    Query("ui_locales", str, "`zh-CN` or `en`"),
)


def _page(method: str, summary: str, request: Any = None, **more: Any) -> Operation:
    return Operation(
        method, "/oauth2/authorize", "gateway", summary, NOBODY, request=request,
        own=None, open=True, page=True, tags=ACCESS, **more,
    )  # fmt: skip


def _admin(
    method: str, path: str, summary: str, response: Any, request: Any = None, **more: Any
) -> Operation:
    return Operation(
        method, path, "gateway", summary, ADMINS,
        request=request, response=response, own=None, tags=ACCESS, **more,
    )  # fmt: skip


def _own(
    method: str, path: str, summary: str, response: Any, request: Any = None, **more: Any
) -> Operation:
    return Operation(
        method, f"/v1/me/{path}", "gateway", summary, _WORKERS,
        request=request, response=response, own=None, counted=True, tags=ACCESS, **more,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _page("GET", "The sign-in page", query=_ASKED),
    _page("POST", "Sign in, then back with a code", SignInForm, status=303, counted=True),
    _admin("GET", "/v1/staff", "Who may sign in", StaffList),
    _admin("POST", "/v1/staff", "Admit somebody", StaffAnswer, StaffRequest, status=201,
           audited=Action.ADMISSION),
    _admin("PATCH", "/v1/staff/{username}", "Change an account; its sessions end", StaffAnswer,
           StaffChange, audited=Action.ADMISSION),
    _own("PUT", "password", "Change one's password; sessions end", None, PasswordChange,
         status=204, audited=Action.ADMISSION),
    _own("POST", "second-factor", "Begin with a second factor", SecondFactorOffer, status=201,
         audited=Action.ADMISSION),
    _own("POST", "second-factor/confirm", "The second factor counts from now on", None,
         OtpRequest, status=204, audited=Action.ADMISSION),
    _own("POST", "step-up", "Show the second factor: a token for what needs it", StepUpAnswer,
         OtpRequest, audited=Action.STEP_UP),
]  # fmt: skip
