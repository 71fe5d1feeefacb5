"""RFC 9457 answers: what went wrong, where, and nothing of what was sent."""

import re
from typing import Any

import asyncpg
import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from chassis.logs import log
from chassis.tracing import trace_id
from contracts.base import ProblemDocument, ProblemError

TRY_AGAIN = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    ConnectionError,
)
TYPES = "https://huiyuan.dev/problems/"


class Problem(Exception):
    """Raise it anywhere; the edge turns it into problem+json.

    `code` is stable and machine-readable, `pointer` says which part of the body is meant.
    `detail` must never contain a value that was sent.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        detail: str | None = None,
        pointer: str | None = None,
        errors: list[ProblemError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.headers = headers or {}
        self.errors = errors or []
        if pointer is not None:
            self.errors = [
                ProblemError(pointer=pointer, code=code, detail=detail or title),
                *self.errors,
            ]

    def document(self) -> ProblemDocument:
        """The answer's body."""
        return ProblemDocument(
            type=TYPES + self.code,
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            trace_id=trace_id(),
            errors=self.errors,
        )

    def response(self) -> Response:
        """The answer."""
        return Response(
            self.document().model_dump_json(exclude_none=True),
            status_code=self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def from_validation(errors: list[Any]) -> Problem:
    """pydantic's errors as one problem with a pointer each; values are left out on purpose."""
    found = [
        ProblemError(
            pointer=_pointer(error["loc"]),
            code=error["type"],
            detail=_UNNAMED.get(error["type"], error["msg"]),
        )
        for error in errors
    ]
    if any(error.code == "json_invalid" for error in found):  # its place is an offset, no pointer
        return Problem(400, "malformed_json", "The body is not valid JSON", pointer="")
    title = "The request does not have the shape it should"
    return Problem(422, "invalid_body", title, errors=found)


# A key of a body is somebody's text, too: what does not look like a field's name is not repeated.
_NAME = re.compile(r"[A-Za-z_$.-]{1,40}[0-9]{0,2}")
_UNNAMED = {"union_tag_invalid": "not one of the allowed values"}  # pydantic repeats it
_PATH = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\[(?:(\d+)|\.\.\.)\]|\.([^.\[]+)")


def from_msgspec(error: msgspec.DecodeError) -> Problem:
    """msgspec's error as a problem: malformed JSON is 400, a wrong shape 422 with its pointer."""
    if not isinstance(error, msgspec.ValidationError):
        return Problem(
            400, "malformed_json", "The body is not valid JSON", pointer="", detail=str(error)
        )
    text = str(error)
    match = _PATH.search(text)
    steps = _STEP.findall(match["path"]) if match else []
    pointer = "".join(f"/{number or name or '-'}" for number, name in steps)
    detail = _PATH.sub("", text)
    missing = re.search(r"missing required field `(\w+)`", detail)
    unknown = re.search(r"unknown field `([^`]+)`", detail)
    if missing or unknown:
        pointer += f"/{_step((missing or unknown)[1])}"  # type: ignore[index]
        detail = "field is required" if missing else "field is not known"
    elif "Invalid" in detail and "value" in detail:
        detail = "not one of the allowed values"  # msgspec would repeat the value
    return Problem(
        422,
        "invalid_body",
        "The request does not have the shape it should",
        pointer=pointer,
        detail=detail,
    )


def _pointer(location: tuple[Any, ...]) -> str:
    head, rest = location[:1], location[1:]
    if head and head[0] in ("query", "path", "header"):
        return f"#{head[0]}/" + "/".join(map(_step, rest))
    steps = (step for step in (rest if head == ("body",) else location) if not _is_tag(step))
    return "".join(f"/{_step(step)}" for step in steps)


def _is_tag(step: Any) -> bool:
    """Which shape of several was meant: no place in a body (cf. contracts' `tagged`)."""
    return isinstance(step, str) and step.startswith("?")


def _step(step: Any) -> str:
    return str(step) if isinstance(step, int) or _NAME.fullmatch(step) else "-"


def install(app: FastAPI) -> None:
    """Make every failure of an app a problem document."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return from_validation(list(error.errors())).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return Problem(error.status_code, code, str(error.detail)).response()

    @app.exception_handler(asyncpg.UntranslatableCharacterError)  # in JSON
    @app.exception_handler(asyncpg.CharacterNotInRepertoireError)
    async def _nul(request: Request, error: Exception) -> Response:
        title = "A text holds a character that cannot be stored (U+0000)"
        return Problem(422, "unstorable_text", title, pointer="").response()

    async def _away(request: Request, error: Exception) -> Response:
        log.warning("try_again", path=request.scope.get("path"), error=type(error).__name__)
        title = "The database cannot answer right now; send it again"
        return Problem(503, "try_again", title, headers={"Retry-After": "1"}).response()

    for kind in TRY_AGAIN:
        app.add_exception_handler(kind, _away)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.exception("unexpected", path=request.scope.get("path"), error=type(error).__name__)
        return Problem(500, "internal", "Something went wrong on our side").response()
