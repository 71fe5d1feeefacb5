"""Aliyun's SMS as far as a caller can tell: signature V3, SendSms, QuerySendDetails, receipts."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from testkit.providers.double import Answer, Double, Request, Sent

_ZONE = ZoneInfo("Asia/Shanghai")
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})"
)
_NUMBER = re.compile(r"1[3-9]\d{9}|[1-9]\d{6,14}")


@dataclass
class AliyunDouble(Double):
    """A repeated call is sent again: OutId is not looked at. A request is good for `signed_for`."""

    key_id: str = "ali-id"
    secret: str = "ali-secret"
    sign_name: str = "汇员"
    templates: frozenset[str] = frozenset({"SMS_1", "SMS_2", "SMS_3"})
    signed_for: timedelta = timedelta(minutes=15)
    status: dict[str, tuple[int, str]] = field(default_factory=dict)  # by OutId: as receipts say
    _nonces: set[str] = field(default_factory=set)

    def sends(self, request: Request) -> bool:
        """SendSms."""
        return request.headers.get("x-acs-action") == "SendSms"

    def answer(self, request: Request) -> Answer:
        """By the action in the header."""
        fault = self._unsigned(request)
        if fault:
            return _error(400 if fault != "InvalidAccessKeyId.NotFound" else 404, fault)
        if request.headers.get("x-acs-version") != "2017-05-25":
            return _error(400, "InvalidVersion")
        action = request.headers.get("x-acs-action")
        if action == "SendSms":
            return self._send(request.query)
        if action == "QuerySendDetails":
            return self._details(request.query)
        return _error(404, "InvalidAction.NotFound")

    def receipt(self, sent: Sent, *, delivered: bool) -> tuple[dict[str, str], bytes]:
        """What is posted about a message: (query, body)."""
        code = "DELIVERED" if delivered else "MK:0001"
        self.status[sent.key] = (3 if delivered else 2), code
        now = datetime.now(_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        report = {
            "phone_number": sent.address, "send_time": now, "report_time": now,
            "success": delivered, "err_code": code,
            "err_msg": f"号码 {sent.address} {'用户接收成功' if delivered else '空号'}",
            "sms_size": "1", "biz_id": sent.ref, "out_id": sent.key,
        }  # fmt: skip
        return {}, json.dumps([report], ensure_ascii=False).encode()

    def _send(self, asked: dict[str, str]) -> Answer:
        number, template = asked.get("PhoneNumbers", ""), asked.get("TemplateCode")
        if self.hurried():
            return _error(400, "Throttling.User")
        for is_so, fault in (
            (not _NUMBER.fullmatch(number) or number in self.unknown, "isv.MOBILE_NUMBER_ILLEGAL"),
            (asked.get("SignName") != self.sign_name, "isv.SMS_SIGNATURE_ILLEGAL"),
            (template not in self.templates, "isv.SMS_TEMPLATE_ILLEGAL"),
            (len(asked.get("OutId", "")) > 256, "isv.INVALID_PARAMETERS"),
        ):
            if is_so:
                return Answer(200, {
                    "Code": fault, "Message": f"{number} 不可发送", "RequestId": "R-1",
                })  # fmt: skip
        said = {"template": template, **json.loads(asked.get("TemplateParam", "{}"))}
        sent = self.note(number, asked.get("OutId", ""), said)
        return Answer(200, {
            "Code": "OK", "Message": "OK", "RequestId": "R-1", "BizId": f"{sent.ref}^0",
        })  # fmt: skip

    def _details(self, asked: dict[str, str]) -> Answer:
        day = datetime.now(_ZONE).strftime("%Y%m%d")
        mine = [each for each in reversed(self.sent) if each.address == asked.get("PhoneNumber")]
        mine = mine if asked.get("SendDate") == day else []
        size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
        if size > 50:
            return _error(400, "InvalidPageSize")
        listed: list[dict[str, Any]] = []
        for each in mine[(page - 1) * size : page * size]:
            number, code = self.status.get(each.key, (1, ""))
            listed.append({
                "PhoneNum": each.address, "SendStatus": number, "ErrCode": code,
                "OutId": each.key, "TemplateCode": each.said["template"], "Content": "…",
            })  # fmt: skip
        return Answer(200, {
            "Code": "OK", "Message": "OK", "RequestId": "R-2", "TotalCount": len(mine),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": listed},
        })  # fmt: skip

    def _unsigned(self, request: Request) -> str | None:
        """What is wrong with the signature."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found:
            return "IncompleteSignature"
        key_id, names, signature = found.groups()
        if key_id != self.key_id:
            return "InvalidAccessKeyId.NotFound"
        at = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ")
        if abs(datetime.now(UTC) - at.replace(tzinfo=UTC)) > self.signed_for:
            return "InvalidTimeStamp.Expired"
        payload = hashlib.sha256(request.body).hexdigest()
        pairs = sorted(parse_qsl(request.raw_query, keep_blank_values=True))
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
        lines = [f"{name}:{request.headers[name].strip()}" for name in names.split(";")]
        canonical = "\n".join([
            request.method, request.path, query, *lines, "", names, payload,
        ])  # fmt: skip
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        right = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if request.headers.get("x-acs-content-sha256") != payload or right != signature:
            return "SignatureDoesNotMatch"
        nonce = request.headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(nonce)
        return None


def _error(status: int, code: str) -> Answer:
    return Answer(status, {
        "RequestId": "R-0", "HostId": "dysmsapi.aliyuncs.com", "Code": code,
        "Message": "…", "Recommend": "https://api.aliyun.com/troubleshoot",
    })  # fmt: skip
