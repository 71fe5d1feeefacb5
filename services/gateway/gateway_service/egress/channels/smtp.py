"""E-mail by SMTP, with one-click unsubscribing in the header (RFC 8058).

Until the last dot is sent nothing is taken; what is lost after it may have been. SMTP has no key
and cannot be asked, so such a mail stays `unknown`. Signing by DKIM is the relay's, and has to
cover the List-Unsubscribe headers. Bounces come as mails to the envelope's sender and are not read.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Literal

import aiosmtplib

from gateway_service.dispatch.carrier import Plain
from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Verdict, code
from gateway_service.egress.channels.calls import NO_ANSWER, UNREACHABLE
from gateway_service.egress.channels.jpush import TITLES

LOSS = Loss()
Security = Literal["starttls", "tls", "none"]
_TOO_FAST = frozenset({421, 450, 452})


@dataclass(slots=True)
class Mail(Plain):
    """See `Carrier`. `sender` is an address, `security` how the connection is kept secret."""

    host: str
    port: int
    sender: str
    rate: Rate
    seconds: float
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)
    loss: Loss = LOSS
    name: str = "smtp"

    async def send(self, letter: Letter) -> Outcome:
        """One mail over a connection of its own."""
        smtp = aiosmtplib.SMTP(
            hostname=self.host, port=self.port, timeout=self.seconds,
            use_tls=self.security == "tls", start_tls=self.security == "starttls",
            username=self.user or None, password=self.password or None, tls_context=self.trust,
        )  # fmt: skip
        begun, theirs = False, False
        try:
            async with asyncio.timeout(self.seconds):
                await smtp.connect()
                await smtp.mail(self.sender)
                theirs = True
                await smtp.rcpt(letter.address)
                begun = True
                await smtp.data(mail(letter, self.sender))
        except aiosmtplib.SMTPResponseException as said:
            return _said(said.code, theirs=theirs)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            if begun:
                return Outcome(Verdict.LOST, NO_ANSWER)
            return Outcome(Verdict.NOT_TAKEN, UNREACHABLE)
        except ValueError:  # an address that no mail can have
            return Outcome(Verdict.REJECTED, "bad_address")
        finally:
            smtp.close()
        return Outcome(Verdict.ACCEPTED)


def mail(letter: Letter, sender: str) -> bytes:
    """The mail. Its Message-ID is the delivery's, so that a mail that comes twice can be told."""
    said = letter.content
    made = EmailMessage(SMTP)
    made["From"] = sender
    made["To"] = letter.address
    title = said.title or TITLES["en" if said.language == "en" else "zh"]
    made["Subject"] = " ".join(title.split())
    made["Date"] = formatdate(letter.tried_at.timestamp(), usegmt=True)
    made["Message-ID"] = f"<{letter.delivery_id.hex}@{sender.rpartition('@')[2]}>"
    made["Content-Language"] = said.language
    if said.unsubscribe:
        made["List-Unsubscribe"] = f"<{said.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(said.text + (f"\n\n{said.link}" if said.link else ""))
    return made.as_bytes()


def _said(number: int, *, theirs: bool) -> Outcome:
    """An answer with a number: the server did not take the mail. `theirs`: it is about the
    recipient or the mail, and not about us."""
    if number in _TOO_FAST:
        return Outcome(Verdict.BUSY, code(number))
    if number < 500 or not theirs:
        return Outcome(Verdict.NOT_TAKEN, code(number))
    return Outcome(Verdict.REJECTED, code(number))
