"""Tencent Cloud's SMS as far as a caller can tell: signature TC3, SendSms, receipts."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from testkit.providers.double import Answer, Double, Request, Sent

_ZONE = ZoneInfo("Asia/Shanghai")
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/(\w+)/tc3_request,"
    r" SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)
_NUMBER = re.compile(r"\+\d{8,15}")
_SIGNED_FOR = timedelta(minutes=5)


@dataclass
class TencentDouble(Double):
    """A repeated call is sent again: SessionContext is not looked at, and comes back."""

    key_id: str = "tc-id"
    secret: str = "tc-secret"
    app_id: str = "1400006666"
    sign_name: str = "汇员"
    templates: frozenset[str] = frozenset({"SMS_1", "SMS_2", "SMS_3"})
    reported: dict[str, tuple[bool, str]] = field(default_factory=dict)  # by SessionContext

    def sends(self, request: Request) -> bool:
        """SendSms."""
        return request.headers.get("x-tc-action") == "SendSms"

    def answer(self, request: Request) -> Answer:
        """By the action in the header; errors come with status 200."""
        fault = self._unsigned(request)
        if fault:
            return _error(fault)
        asked = request.json
        if not isinstance(asked, dict) or request.headers.get("x-tc-version") != "2021-01-11":
            return _error("InvalidParameter")
        action = request.headers.get("x-tc-action")
        if action == "SendSms":
            return self._send(asked)
        if action == "PullSmsSendStatusByPhoneNumber":
            return self._status(asked)
        return _error("InvalidAction")

    def receipt(self, sent: Sent, *, delivered: bool) -> tuple[dict[str, str], bytes]:
        """What is posted about a message: (query, body)."""
        code = "DELIVRD" if delivered else "UNDELIV"
        self.reported[sent.key] = delivered, code
        now = datetime.now(_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        report = {
            "user_receive_time": now, "nationcode": "86", "mobile": sent.address[3:],
            "report_status": "SUCCESS" if delivered else "FAIL", "errmsg": code,
            "description": f"{sent.address} {code}", "sid": sent.ref,
        }  # fmt: skip
        return {}, json.dumps([report]).encode()

    def _send(self, asked: dict[str, Any]) -> Answer:
        if self.hurried():
            return _error("RequestLimitExceeded")
        if asked.get("SmsSdkAppId") != self.app_id:
            return _error("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        listed = []
        for number in asked.get("PhoneNumberSet", []):
            code = "Ok"
            if not _NUMBER.fullmatch(number) or number in self.unknown:
                code = "InvalidParameterValue.IncorrectPhoneNumber"
            elif asked.get("TemplateId") not in self.templates:
                code = "FailedOperation.TemplateIncorrectOrUnapproved"
            elif asked.get("SignName") != self.sign_name:
                code = "FailedOperation.SignatureIncorrectOrUnapproved"
            context, ref = asked.get("SessionContext", ""), ""
            if code == "Ok":
                values = asked.get("TemplateParamSet", [])
                said = {"template": asked["TemplateId"]} | {str(n): v for n, v in enumerate(values)}
                ref = self.note(number, context, said).ref
            listed.append({
                "SerialNo": ref, "PhoneNumber": number, "Fee": int(code == "Ok"),
                "SessionContext": context, "Code": code, "Message": f"{number}", "IsoCode": "CN",
            })  # fmt: skip
        return Answer(200, {"Response": {"SendStatusSet": listed, "RequestId": "R-1"}})

    def _status(self, asked: dict[str, Any]) -> Answer:
        listed = [
            {
                "UserReceiveTime": 1, "CountryCode": "86", "PhoneNumber": each.address,
                "SerialNo": each.ref, "SessionContext": each.key,
                "ReportStatus": "SUCCESS" if self.reported[each.key][0] else "FAIL",
                "Description": self.reported[each.key][1],
            }
            for each in self.sent
            if each.address == asked.get("PhoneNumber") and each.key in self.reported
        ]  # fmt: skip
        return Answer(200, {"Response": {"PullSmsSendStatusSet": listed, "RequestId": "R-2"}})

    def _unsigned(self, request: Request) -> str | None:
        """What is wrong with the signature."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found:
            return "AuthFailure.InvalidAuthorization"
        key_id, day, service, names, signature = found.groups()
        stamp = request.headers.get("x-tc-timestamp", "0")
        at = datetime.fromtimestamp(int(stamp), UTC)
        if key_id != self.key_id:
            return "AuthFailure.SecretIdNotFound"
        if abs(datetime.now(UTC) - at) > _SIGNED_FOR or at.strftime("%Y-%m-%d") != day:
            return "AuthFailure.SignatureExpire"
        lowered = {"x-tc-action"}
        lines = [
            f"{n}:{request.headers[n].lower() if n in lowered else request.headers[n]}"
            for n in names.split(";")
        ]
        payload = hashlib.sha256(request.body).hexdigest()
        canonical = "\n".join([request.method, "/", "", *lines, "", names, payload])
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"TC3-HMAC-SHA256\n{stamp}\n{day}/{service}/tc3_request\n{hashed}"
        key = hmac.new(f"TC3{self.secret}".encode(), day.encode(), hashlib.sha256).digest()
        key = hmac.new(key, service.encode(), hashlib.sha256).digest()
        key = hmac.new(key, b"tc3_request", hashlib.sha256).digest()
        right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return None if right == signature else "AuthFailure.SignatureFailure"


def _error(code: str) -> Answer:
    return Answer(200, {"Response": {"Error": {"Code": code, "Message": "…"}, "RequestId": "R-0"}})
