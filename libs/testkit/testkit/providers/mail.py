"""A mail server (aiosmtpd) that refuses, hurries and breaks off on order."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from testkit.providers.double import CUT, HANG, Sent


@dataclass
class MailDouble:
    """`mails` are the mails themselves; the rest as of the other doubles."""

    user: str = "mailer"
    secret: str = "mail-secret"
    per_second: float = 1e9
    sent: list[Sent] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    trouble: deque[str] = field(default_factory=deque)
    unknown: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _times: deque[float] = field(default_factory=deque)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def authenticate(self, _server: SMTP, _s: Session, _e: Envelope, _m: str, data: Any) -> Any:
        """By user and password."""
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(), self.secret.encode(),
        )  # fmt: skip
        return AuthResult(success=right)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """550 for who does not exist."""
        if address in self.unknown:
            return f"550 5.1.1 <{address}>: user unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Takes the mail."""
        now = time.monotonic()
        while self._times and now - self._times[0] >= 1:
            self._times.popleft()
        if len(self._times) >= self.per_second:
            return "450 4.7.1 too many mails, slow down"
        wanted = self.trouble.popleft() if self.trouble else None
        if wanted not in (CUT, HANG, None):
            return "451 4.3.0 temporary trouble"
        self._times.append(now)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        key = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        said = {"text": mail.get_content(), "title": str(mail["Subject"])}
        self.sent.append(Sent(envelope.rcpt_tos[0], key, said, f"{next(self._numbers)}"))
        if wanted == HANG:
            await self.released.wait()
        if wanted and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 OK"


@asynccontextmanager
async def mail_served(double: MailDouble) -> AsyncIterator[int]:
    """The port of a mail server."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            double, hostname="mail.test", authenticator=double.authenticate,
            auth_require_tls=False, enable_SMTPUTF8=True, loop=loop,
        )  # fmt: skip

    server = await loop.create_server(session, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
