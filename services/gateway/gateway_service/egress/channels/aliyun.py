"""SMS by Aliyun (dysmsapi 2017-05-25): SendSms, QuerySendDetails, signature V3, pushed receipts.

A message carries its delivery as OutId, which is no idempotency key: Aliyun sends a repeated call
again. So after a lost answer QuerySendDetails is asked for the number's messages of that day. What
is not among them once the request's signature is too old to be taken (15 minutes) was never sent,
and is sent anew; until then it is asked again.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from gateway_service.dispatch.carrier import Plain, Told
from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Receipt, Verdict, code
from gateway_service.egress.channels.calls import Answer, Caller, Failed
from gateway_service.egress.channels.templates import NoTemplate, filled

URL = "https://dysmsapi.aliyuncs.com"
LOSS = Loss(asks=True, signed_for=timedelta(minutes=15))
_VERSION, _ALGORITHM = "2017-05-25", "ACS3-HMAC-SHA256"
_ZONE = ZoneInfo("Asia/Shanghai")
_PAGE = 50
_BUSY = ("Throttling",)
_IN_DOUBT = ("isp.SYSTEM_ERROR", "InternalError", "ServiceUnavailable", "UnknownError")
# Of the account or of us, not of the message: it waits, and the circuit opens.
_OURS = (
    "Signature", "InvalidAccessKeyId", "InvalidTimeStamp", "IncompleteSignature", "Forbidden",
    "isp.RAM_PERMISSION_DENY", "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH", "isv.ACCOUNT_",
    "isv.PRODUCT_UN", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.DENY_IP_RANGE",
)  # fmt: skip
_HEARD = msgspec.json.encode({"code": 0, "msg": "接收成功"})


class _Report(msgspec.Struct):
    success: bool
    out_id: str = ""
    err_code: str = ""
    report_time: str = ""


@dataclass(slots=True)
class Aliyun(Plain):
    """See `Carrier`. `templates`: see `templates.parsed`."""

    key_id: str
    secret: str = field(repr=False)
    sign_name: str
    templates: dict[str, tuple[str, str]]
    rate: Rate
    caller: Caller
    url: str = URL
    loss: Loss = LOSS
    name: str = "aliyun"

    async def send(self, letter: Letter) -> Outcome:
        """SendSms. The signature's moment is the one that was written down before the call."""
        try:
            fill = filled(letter, self.templates)
        except NoTemplate:
            return Outcome(Verdict.REJECTED, "no_template")
        asked = {
            "PhoneNumbers": _number(letter.address),
            "SignName": self.sign_name,
            "TemplateCode": fill.template,
            "TemplateParam": msgspec.json.encode(fill.fields).decode(),
            "OutId": letter.key,
        }
        try:
            answer = await self._call("SendSms", asked, letter.tried_at)
        except Failed as failed:
            return failed.outcome
        return _outcome(answer)

    async def ask(self, letter: Letter) -> Outcome:
        """QuerySendDetails of the day on which it was tried, all pages of it."""
        days = {_day(letter.tried_at), _day(letter.tried_at + timedelta(minutes=1))}
        try:
            for day in sorted(days):
                found = await self._search(letter, day)
                if found is not None:
                    return found
        except Failed as failed:
            return Outcome(Verdict.LOST, failed.outcome.reason)
        return Outcome(Verdict.ABSENT)

    def told(self, query: Mapping[str, str], body: bytes) -> Told:
        """SmsReport by HTTP: a list."""
        receipts = []
        for each in msgspec.json.decode(body, type=list[_Report]):
            try:
                delivery_id = UUID(each.out_id)
            except ValueError:
                continue  # of another system on the same account
            reason = None if each.success else code(each.err_code)
            receipts.append(
                Receipt(each.success, delivery_id, reason=reason, at=_moment(each.report_time))
            )
        return Told(receipts, _HEARD)

    async def close(self) -> None:
        """Give up connections."""
        await self.caller.close()

    async def _search(self, letter: Letter, day: str) -> Outcome | None:
        asked = {"PhoneNumber": _number(letter.address), "SendDate": day, "PageSize": str(_PAGE)}
        page = 1
        while True:
            answer = await self._call(
                "QuerySendDetails", {**asked, "CurrentPage": str(page)}, letter.now
            )
            if not isinstance(answer.json, dict) or answer.json.get("Code") != "OK":
                raise Failed(Outcome(Verdict.LOST, "not_told"))
            listed = (answer.json.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            for each in listed:
                if each.get("OutId") == letter.key:
                    delivered = {2: False, 3: True}.get(int(each.get("SendStatus", 1)))
                    reason = code(each.get("ErrCode")) if delivered is False else None
                    return Outcome(Verdict.ACCEPTED, reason, None, delivered)
            if len(listed) < _PAGE:
                return None
            page += 1

    async def _call(self, action: str, asked: Mapping[str, str], at: datetime) -> Answer:
        call = Call(urlsplit(self.url).netloc, action, _VERSION, asked)
        query, headers = signed(self.key_id, self.secret, call, at, secrets.token_hex(16))
        return await self.caller.call("POST", f"{self.url}/?{query}", headers)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of an API of Aliyun's."""

    host: str
    action: str
    version: str
    asked: Mapping[str, str]


def signed(
    key_id: str, secret: str, call: Call, at: datetime, nonce: str
) -> tuple[str, dict[str, str]]:
    """The query and the headers of a call in signature V3."""
    asked = call.asked
    query = "&".join(f"{_quoted(name)}={_quoted(asked[name])}" for name in sorted(asked))
    empty = sha256(b"").hexdigest()
    headers = {
        "host": call.host,
        "x-acs-action": call.action,
        "x-acs-content-sha256": empty,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": call.version,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    text = f"{_ALGORITHM}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
    )
    return query, headers


def _outcome(answer: Answer) -> Outcome:
    told = answer.json if isinstance(answer.json, dict) else {}
    number = str(told.get("Code", ""))
    if number == "OK":
        return Outcome(Verdict.ACCEPTED, None, told.get("BizId"))
    if number.startswith(_BUSY):
        return Outcome(Verdict.BUSY, code(number))
    if number.startswith(_OURS):
        return Outcome(Verdict.NOT_TAKEN, code(number))
    if not number or number.startswith(_IN_DOUBT) or answer.status >= 500:
        return Outcome(Verdict.LOST, code(number, "no_sense"))
    return Outcome(Verdict.REJECTED, code(number))


def _number(address: str) -> str:
    """Without +86 in mainland China; abroad the country's number without +."""
    return address.removeprefix("+86") if address.startswith("+86") else address.lstrip("+")


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _day(at: datetime) -> str:
    return at.astimezone(_ZONE).strftime("%Y%m%d")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_ZONE)
    except ValueError:
        return None
