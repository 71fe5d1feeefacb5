"""SMS by Tencent Cloud (sms 2021-01-11): SendSms, signature TC3, pushed and asked receipts.

SessionContext carries the delivery and comes back, but is no idempotency key. After a lost answer
the receipts of the number are asked for; one with our SessionContext proves that it was sent. That
there is none proves nothing, for a receipt may be late, so such a message stays `unknown` and is
not sent again.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from gateway_service.dispatch.carrier import Plain, Told
from gateway_service.dispatch.domain import Letter, Loss, Outcome, Rate, Receipt, Verdict, code
from gateway_service.egress.channels.calls import Answer, Caller, Failed
from gateway_service.egress.channels.templates import NoTemplate, filled

LOSS = Loss(asks=True)
URL = "https://sms.tencentcloudapi.com"
_VERSION, _ALGORITHM, _SERVICE = "2021-01-11", "TC3-HMAC-SHA256", "sms"
_TYPE = "application/json; charset=utf-8"
_ZONE = ZoneInfo("Asia/Shanghai")
_BUSY = ("RequestLimitExceeded", "LimitExceeded.DeliveryFrequencyLimit")
_IN_DOUBT = ("InternalError",)
_OURS = (
    "AuthFailure", "UnauthorizedOperation", "FailedOperation.InsufficientBalanceInSmsPackage",
    "LimitExceeded.AppDailyLimit", "LimitExceeded.DailyLimit", "ActionOffline", "NoSuch",
    "ResourceInsufficient", "ResourceUnavailable", "IpInBlacklist", "IpNotInWhitelist",
)  # fmt: skip
_HEARD = msgspec.json.encode({"result": 0, "errmsg": "OK"})


class _Report(msgspec.Struct):
    report_status: str
    sid: str
    errmsg: str = ""
    user_receive_time: str = ""


@dataclass(slots=True)
class Tencent(Plain):
    """See `Carrier`. `templates`: see `templates.parsed`; variables are given in their sequence."""

    key_id: str
    secret: str = field(repr=False)
    app_id: str
    sign_name: str
    templates: dict[str, tuple[str, str]]
    rate: Rate
    caller: Caller
    region: str = "ap-guangzhou"
    url: str = URL
    name: str = "tencent"
    loss: Loss = LOSS

    async def send(self, letter: Letter) -> Outcome:
        """SendSms to one number."""
        try:
            fill = filled(letter, self.templates)
        except NoTemplate:
            return Outcome(Verdict.REJECTED, "no_template")
        body = {
            "PhoneNumberSet": [letter.address],
            "SmsSdkAppId": self.app_id,
            "SignName": self.sign_name,
            "TemplateId": fill.template,
            "TemplateParamSet": list(fill.fields.values()),
            "SessionContext": letter.key,
        }
        try:
            told = _response(await self._call("SendSms", body, letter.tried_at))
        except Failed as failed:
            return failed.outcome
        one = told["SendStatusSet"][0] if told.get("SendStatusSet") else {}
        if one.get("Code") == "Ok":
            return Outcome(Verdict.ACCEPTED, None, one.get("SerialNo"))
        return _outcome(str(one.get("Code") or (told.get("Error") or {}).get("Code", "")))

    async def ask(self, letter: Letter) -> Outcome:
        """PullSmsSendStatusByPhoneNumber: a receipt with our SessionContext."""
        begin = letter.tried_at - timedelta(minutes=1)
        body = {
            "BeginTime": int(begin.timestamp()),
            "Offset": 0,
            "Limit": 100,
            "PhoneNumber": letter.address,
            "SmsSdkAppId": self.app_id,
        }
        try:
            answer = await self._call("PullSmsSendStatusByPhoneNumber", body, letter.now)
            told = _response(answer)
        except Failed as failed:
            return Outcome(Verdict.LOST, failed.outcome.reason)
        for each in told.get("PullSmsSendStatusSet") or []:
            if each.get("SessionContext") == letter.key:
                delivered = each.get("ReportStatus") == "SUCCESS"
                reason = None if delivered else code(each.get("Description"))
                return Outcome(Verdict.ACCEPTED, reason, each.get("SerialNo"), delivered)
        return Outcome(Verdict.LOST)

    def told(self, query: Mapping[str, str], body: bytes) -> Told:
        """The callback of a status: a list, by Tencent's own number of each message."""
        receipts = []
        for each in msgspec.json.decode(body, type=list[_Report]):
            delivered = each.report_status == "SUCCESS"
            reason = None if delivered else code(each.errmsg)
            at = _moment(each.user_receive_time)
            receipts.append(Receipt(delivered, None, each.sid, reason, at))
        return Told(receipts, _HEARD)

    async def close(self) -> None:
        """Give up connections."""
        await self.caller.close()

    async def _call(self, action: str, body: Mapping[str, Any], at: datetime) -> Answer:
        payload = msgspec.json.encode(body)
        host = urlsplit(self.url).netloc
        call = Call(host, _SERVICE, action, payload)
        headers = signed(self.key_id, self.secret, call, at)
        headers |= {"X-TC-Version": _VERSION, "X-TC-Region": self.region}
        return await self.caller.call("POST", f"{self.url}/", headers, payload)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of an API of Tencent Cloud's."""

    host: str
    service: str
    action: str
    payload: bytes


def signed(key_id: str, secret: str, call: Call, at: datetime) -> dict[str, str]:
    """The headers of a call in signature TC3; it is taken for five minutes."""
    stamp, day = str(int(at.timestamp())), at.astimezone(UTC).strftime("%Y-%m-%d")
    names = "content-type;host;x-tc-action"
    canonical = (
        f"POST\n/\n\ncontent-type:{_TYPE}\nhost:{call.host}\nx-tc-action:{call.action.lower()}\n\n{names}\n"
        f"{sha256(call.payload).hexdigest()}"
    )
    scope = f"{day}/{call.service}/tc3_request"
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (day, call.service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), sha256).hexdigest()
    return {
        "Authorization": (
            f"{_ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names},"
            f" Signature={signature}"
        ),
        "Content-Type": _TYPE,
        "Host": call.host,
        "X-TC-Action": call.action,
        "X-TC-Timestamp": stamp,
    }


def _response(answer: Answer) -> dict[str, Any]:
    told = answer.json.get("Response") if isinstance(answer.json, dict) else None
    if not isinstance(told, dict):
        raise Failed(Outcome(Verdict.LOST, "no_sense"))
    return told


def _outcome(number: str) -> Outcome:
    if not number or number.startswith(_IN_DOUBT):
        return Outcome(Verdict.LOST, code(number, "no_sense"))
    if number.startswith(_BUSY):
        return Outcome(Verdict.BUSY, code(number))
    if number.startswith(_OURS):
        return Outcome(Verdict.NOT_TAKEN, code(number))
    return Outcome(Verdict.REJECTED, code(number))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_ZONE)
    except ValueError:
        return None
