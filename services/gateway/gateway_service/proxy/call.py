"""One request on its way through the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from chassis.principal import HEADER as PRINCIPAL
from chassis.principal import IMPERSONAL, Principal
from chassis.problem import Problem
from contracts.operations import Operation
from contracts.reading import STATED
from gateway_service.access.domain import is_code
from gateway_service.audit.domain import Entry
from gateway_service.proxy.client import Header
from gateway_service.proxy.trace import REQUEST_ID, Trace

_FORWARDED = frozenset(
    {b"accept", b"accept-language", b"content-type", b"if-match", b"if-none-match", b"prefer"}
)
_UNKNOWN_PURPOSE = Problem(
    422,
    "unknown_purpose",
    "Nobody reads for such a purpose",
    detail=f"one of {', '.join(STATED)}",
    pointer="#header/Purpose",
)


@dataclass(slots=True)
class Call:
    """What was asked, by whom. Header names are in lower case."""

    operation: Operation
    path: bytes
    query: bytes
    params: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    principal: Principal
    trace: Trace
    body: bytes = b""
    impersonal: bool = False
    audited: bool = False  # what came of it is in the audit already
    entries: list[Entry] = field(default_factory=list)  # for the audit, before the answer leaves

    @property
    def member_id(self) -> UUID | None:
        """The member in the path, if there is one."""
        text = self.params.get("member_id")
        try:
            return UUID(text) if text else None
        except ValueError:
            return None

    @property
    def target(self) -> str:
        """Path and query as they came."""
        path = self.path.decode("latin-1")
        return f"{path}?{self.query.decode('latin-1')}" if self.query else path

    @property
    def idempotency_key(self) -> str | None:
        """The caller's key. Raises Problem 422 for one that is too long."""
        key = self.headers.get(b"idempotency-key")
        if key is not None and len(key) > 255:
            raise Problem(
                422,
                "idempotency_key_too_long",
                "Idempotency-Key has 255 characters at most",
                pointer="#header/Idempotency-Key",
            )
        return key.decode("latin-1") if key else None

    def state(self) -> None:
        """Read Purpose and Ticket. Raises Problem 422 for one that is not a code, or not known."""
        purpose = _code(self.headers, "Purpose")
        _code(self.headers, "Ticket")
        if purpose:
            if purpose not in STATED:
                raise _UNKNOWN_PURPOSE
            self.principal = replace(self.principal, purpose=purpose)

    @property
    def ticket(self) -> str | None:
        """The ticket that a plain read by staff is for."""
        value = self.headers.get(b"ticket")
        return value.decode("latin-1") if value else None

    def inner_headers(self, idempotency_key: str | None) -> list[Header]:
        """What an inner service gets to see of the headers."""
        kept = [(name, value) for name, value in self.headers.items() if name in _FORWARDED]
        kept.append((PRINCIPAL.encode(), self.principal.header().encode("latin-1")))
        kept.append((b"traceparent", self.trace.parent))
        kept.append((REQUEST_ID, self.trace.request_id))
        if self.impersonal:
            kept.append((IMPERSONAL.encode(), b"1"))
        if idempotency_key:
            kept.append((b"idempotency-key", idempotency_key.encode()))
        return kept


def _code(headers: Mapping[bytes, bytes], name: str) -> str | None:
    value = headers.get(name.lower().encode())
    if value is None:
        return None
    text = value.decode("latin-1")
    if not is_code(text):
        raise Problem(
            422,
            "not_a_code",
            f"{name} must be a code of letters, digits and . _ : # -, 64 at most",
            pointer=f"#header/{name}",
        )
    return text
