"""OWASP API Security Top 10 (2023), a test each, against the running platform."""

import base64
import json
import re
import uuid
from typing import Any

import pytest

from contracts import openapi
from contracts.classification import fields_of
from contracts.operations import Operation
from contracts.roles import Role
from testkit import eventually
from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")
OPERATIONS = [each for each in openapi.operations() if not each.open]


async def join(api: Api) -> str:
    """A member with a phone."""
    body = registration({"kind": "phone", "value": phone()})
    member: str = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    return member


def path_of(operation: Operation, member: str) -> str:
    """The path with this member, and ids of nothing elsewhere."""
    path = operation.path.replace("{member_id}", member)
    return re.sub(r"{\w+}", str(uuid.UUID(int=7)), path)


async def test_api1_broken_object_level_authorization(api: Api) -> None:
    mine, theirs = await join(api), await join(api)
    reached = []
    for operation in OPERATIONS:
        if "{member_id}" in operation.path and Role.MEMBER in operation.roles:
            path = path_of(operation, theirs)
            answer = await api.call(operation.method, path, {}, role="member", member=mine)
            if answer.status_code != 403:
                reached.append((operation.name, answer.status_code))
    assert reached == []


async def test_api2_broken_authentication(api: Api) -> None:
    token = await api.token("admin")
    head, claims, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed["role"] = "compliance"
    forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    for bearer in (
        "", f"{none}.{claims}.", f"{head}.{forged}.{signature}", f"{head}.{claims}.", "x", "a.b.c",
    ):  # fmt: skip
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = await api.http.get("/v1/audit", headers=headers)
        assert answer.status_code == 401, bearer
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_api3_broken_object_property_level_authorization(api: Api) -> None:
    body = registration({"kind": "phone", "value": phone()})
    for extra in ({"merged_into": str(uuid.uuid4())}, {"tier": "diamond"}, {"points": 10**6}):
        answer = await api.call("POST", "/v1/members", {**body, **extra}, role="pos")
        assert answer.status_code == 422, extra
    member = await join(api)
    seen = await api.ok("GET", f"/v1/members/{member}", role="pos")
    assert "小明" not in json.dumps(seen, ensure_ascii=False)


async def test_api4_unrestricted_resource_consumption(api: Api) -> None:
    many = await api.call("GET", "/v1/audit?limit=100000", role="compliance")
    assert many.status_code == 422
    large = await api.call("POST", "/v1/members", content=b" " * (17 * 1024 * 1024), role="pos")
    assert large.status_code == 413
    crowd = {"members": [registration({"kind": "phone", "value": phone()})] * 100_000}
    assert (await api.call("POST", "/v1/members/batch", crowd, role="pos")).status_code in {
        413,
        422,
    }


async def test_api5_broken_function_level_authorization(api: Api) -> None:
    member, reached = await join(api), []
    for role in (Role.ANALYST, Role.POS, Role.PARTNER):
        for operation in OPERATIONS:
            if role not in operation.roles:
                path = path_of(operation, member)
                answer = await api.call(operation.method, path, {}, role=role)
                if answer.status_code != 403:
                    reached.append((role, operation.name, answer.status_code))
    assert reached == []


async def test_api6_unrestricted_access_to_sensitive_business_flows(api: Api) -> None:
    """The same request sent again and again moves points once; the other flows have a file of their
    own (test_owasp_flows.py)."""
    card = {"kind": "card_no", "value": f"c{unique()}"}
    joined = await api.ok("POST", "/v1/members", registration(card), role="pos")
    await api.ok("POST", "/v1/orders", order(card, 60_000), role="pos")
    path = f"/v1/members/{joined['member_id']}/redemptions"
    key, body = {"Idempotency-Key": unique()}, {"points": 100, "reason": "checkout"}
    answers = [await api.call("POST", path, body, role="pos", headers=key) for _ in range(5)]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    entries = await api.ok("GET", f"/v1/members/{joined['member_id']}/points/entries", role="pos")
    assert [each["amount"] for each in entries["data"] if each["amount"] < 0] == [-100]


HOSTILE = (
    "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "https://2130706433/",
    "https://0x7f.1/", "https://localhost:8443/", "https://[::ffff:127.0.0.1]/", "https://redis/",
    "https://metadata.google.internal/", "https://a:b@partner.example/", "file:///etc/passwd",
    "https://127.0.0.1#@partner.example/", "gopher://127.0.0.1:6379/_x", "https://partner.example:22/",
)  # fmt: skip


async def test_api7_server_side_request_forgery(api: Api) -> None:
    """One request names an address that the platform calls, and it goes through one guard
    (services/gateway/tests/test_outward.py); a new one has to come here."""
    fields = {
        f"{model.__name__}.{name}"
        for operation in openapi.operations()
        for model in openapi.models_of(operation.request)
        for name, _, _ in fields_of(model)
        if re.search(r"url|uri|webhook|callback|endpoint|host", name)
    }
    assert {each for each in fields if "redirect_uri" not in each} == {"WebhookRequest.url"}
    for url in HOSTILE:
        wish = {"url": url, "events": ["order.recorded"]}
        answer = await api.call("POST", "/v1/webhooks", wish, role="partner")
        assert answer.status_code == 422 and url not in answer.text, url
        assert answer.json()["errors"][0]["pointer"] == "/url"
    inside = {"url": "https://127.0.0.1.nip.example/", "events": ["order.recorded"]}
    made = await api.ok("POST", "/v1/webhooks", inside, role="partner")
    path = f"/v1/webhooks/{made['webhook_id']}"
    await api.ok("POST", f"{path}/ping", role="partner")

    async def tried() -> Any:
        (message,) = (await api.ok("GET", f"{path}/deliveries", role="partner"))["data"]
        return message["error"]

    assert await eventually(tried, timeout=15, says="it is not tried") == "unreachable"
    await api.ok("DELETE", path, role="partner")


async def test_api8_security_misconfiguration(api: Api) -> None:
    answer = await api.call("POST", "/v1/members", content=b"{not json 13912345678", role="pos")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "server" not in answer.headers and answer.headers["cache-control"] == "no-store"
    assert "Traceback" not in answer.text and "13912345678" not in answer.text
    assert (await api.call("TRACE", "/v1/audit")).status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_api9_improper_inventory_management(api: Api) -> None:
    document: dict[str, Any] = (await api.http.get("/openapi.json")).json()
    described = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {each.name for each in openapi.operations()} == described
    for path in ("/docs", "/redoc", "/internal/lag", "/internal/affected", "/internal/overdue"):
        assert (await api.call("GET", path)).status_code == 404, path


async def test_api10_unsafe_consumption_of_apis(api: Api) -> None:
    """What others send is taken as data: odd messages are accepted or quarantined, never a 5xx.
    Hostile answers of services and providers: services/gateway/tests/test_unsafe_answers.py."""
    odd: list[dict[str, Any]] = [
        {"type": "track", "event": "x", "messageId": unique(), "anonymousId": unique(), **more}
        for more in (
            {"properties": {"a": [{"b": "' OR 1=1 --"}] * 50}},
            {"properties": {"phone": "hy2.forged.token"}, "timestamp": "9999-12-31T23:59:59Z"},
            {"timestamp": "not a time"},
            {"context": {"externalIds": [{"id": "x" * 256, "type": "nonsense"}]}},
            {"event": "\u202e\ud7ff", "properties": {"\u0000": "x"}},
        )
    ]
    for message in odd:
        assert (await api.collect(message)).status_code < 500, message
    await api.settled()
