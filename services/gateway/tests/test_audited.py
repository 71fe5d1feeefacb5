"""A walk over everything that is audited: each action is really recorded by its feature.

The list is closed (`contracts.auditing.Action`, and `audited` of operations): an action that
nothing here brings about fails, and so does an operation that says it is audited and is not.
"""

import math
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from services.gateway.tests.audited_approving import approvals, campaigns
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_consents import SMS, yes
from services.gateway.tests.test_egress import tell, wish
from services.gateway.tests.test_figures import RFM, rfm
from services.gateway.tests.test_rights import (
    INNER,
    MEMBER,
    PATH,
    answer,
    claim,
    person,  # noqa: F401
)
from services.gateway.tests.test_sign_in import Browser, browser, enrolled  # noqa: F401
from services.gateway.tests.test_signatures import Partner, partner  # noqa: F401
from services.gateway.tests.unions import unions
from services.gateway.tests.walk import Walk

from contracts import openapi
from contracts.auditing import Action
from contracts.roles import STAFF, Role
from gateway_service.access.jobs import signing_keys
from gateway_service.desensitize.cedar import SHIPPED

THEIRS = f"/v1/members/{MEMBER}"
CASES = [each for each in openapi.operations() if each.audited is not None]
VALUES = ("张三", "13800138002", "13912345678", "C-secret", "wrong-password", "l3ak")


async def readings(walk: Walk, sealed: dict[str, str]) -> None:
    get, aim = f"GET {THEIRS}", "GET /v1/members/{member_id}"
    walk.inner.replies[get] = 200, {
        "member_id": str(MEMBER), "absorbed": [], "name": sealed["name"],
        "registered_at": "2017-01-01T00:00:00Z",
    }  # fmt: skip
    why = {"Purpose": "service", "Ticket": "T-7"}
    of = {"purpose": "service", "ticket": "T-7", "members": walk.member, "fields": ["name"]}
    async with walk.records(("read", "plain", aim), role="service_agent", **of):
        assert (await walk.by(Role.SERVICE_AGENT, "GET", THEIRS, **why)).json()["name"] == "张三"
    async with walk.records(("read", "refused", aim), role="pos", members=walk.member):
        assert (await walk.by(Role.POS, "GET", THEIRS, **why)).json()["name"] == "张*"
    async with walk.records(("read", "refused", aim), role="analyst", members=walk.member):
        assert (await walk.by(Role.ANALYST, "GET", THEIRS)).status_code == 403
    async with walk.records(
        ("read", "refused", "GET /v1/members/{member_id}/points"), role="member"
    ):
        other = f"/v1/members/{UUID(int=99)}/points"
        assert (await walk.by(Role.MEMBER, "GET", other)).status_code == 403
    async with walk.records(("figures", "done", f"GET {RFM}"), subject="dev-data_operator"):
        walk.inner.replies[f"GET {RFM}"] = 200, rfm(a=30, b=40)
        assert (await walk.by(Role.DATA_OPERATOR, "GET", RFM)).json()["members"] == 70


async def lookups(walk: Walk, _: Any) -> None:
    aim, phone = "/v1/members/lookup", {"kind": "phone", "value": "13912345678"}
    walk.inner.replies[f"POST {aim}"] = 200, {"member_id": str(MEMBER)}
    async with walk.records(
        ("lookup", "done", f"POST {aim}"), members=walk.member, fields=["phone"]
    ):
        assert (await walk.by(Role.GUIDE, "POST", aim, phone)).status_code == 200
    async with walk.records(("lookup", "refused", f"POST {aim}"), role="planner"):
        assert (await walk.by(Role.PLANNER, "POST", aim, phone)).status_code == 403
    taken = {"type": "x", "title": "x", "status": 409, "code": "identifier_taken"}
    walk.inner.replies["POST /v1/members"] = 409, taken
    async with walk.records(("lookup", "done", "POST /v1/members"), fields=["phone"]):
        await walk.by(Role.POS, "POST", "/v1/members", {"identifiers": [phone]})
    link = "POST /v1/members/{member_id}/identifiers"
    walk.inner.replies[f"POST {THEIRS}/identifiers"] = 409, taken
    card = {"kind": "card_no", "value": "C-secret"}
    ten = [("lookup", "done", link)] * 10
    async with walk.records(*ten, ("lookup", "refused", link), role="member", fields=["card_no"]):
        for _n in range(11):
            await walk.by(Role.MEMBER, "POST", f"{THEIRS}/identifiers", card)


async def movements(walk: Walk, _: Any) -> None:
    many = {"members": [{"identifiers": [{"kind": "phone", "value": "13912345678"}]}]}
    walk.inner.replies["POST /v1/members/batch"] = 200, {"results": []}
    async with walk.records(("import", "done", "POST /v1/members/batch"), role="operator"):
        await walk.by(Role.OPERATOR, "POST", "/v1/members/batch", many)
    file = {"kind": "stock", "source": "erp", "content": b64encode(b"sku,stock\na,1\n").decode()}
    async with walk.records(("import", "done", "POST /v1/imports"), role="data_operator"):
        taken = await walk.by(Role.DATA_OPERATOR, "POST", "/v1/imports", file)
    job_id = taken.json()["job"]["job_id"]
    async with walk.records(("import", "done", "POST /v1/imports/{job_id}/parts")):
        more = {"part": 1, "content": ""}
        await walk.by(Role.OPERATOR, "POST", f"/v1/imports/{job_id}/parts", more)
    bad = {"type": "track", "messageId": "bad", "event": "E"}
    await walk.gateway.http.post("/v1/batch", json={"batch": [bad]}, auth=walk.gateway.write_key)
    (item,) = (await walk.by(Role.OPERATOR, "GET", "/v1/quarantine")).json()["data"]
    async with walk.records(("import", "done", "POST /v1/quarantine/{id}/replay")):
        path = f"/v1/quarantine/{item['id']}/replay"
        again = await walk.by(Role.OPERATOR, "POST", path, {"message": {**bad, "userId": "u"}})
        assert again.status_code == 200
    asked, kept = wish(walk.gateway, MEMBER), ("egress", "refused", "egress no_consent")
    async with walk.records(kept, subject="gateway", members=walk.member):
        await tell(walk.gateway, asked)
    said = ("consent", "done", "consent marketing sms granted")
    async with walk.records(said, role="pos", members=walk.member):
        body = {"consents": [yes(SMS)]}
        told = await walk.by(Role.POS, "PUT", f"{THEIRS}/consents", body)
        assert told.status_code == 200, told.text
    left = ("egress", "plain", "egress sms")
    async with walk.records(left, members=walk.member, fields=["phone"]):
        await tell(walk.gateway, wish(walk.gateway, MEMBER))
    walk.inner.replies["POST /internal/resolve"] = 200, {"members": {}}
    nothing = {"kind": "phone", "value": "13912345678", "reason": "complaint"}
    for method, what in (("POST", "suppress"), ("DELETE", "lift")):
        named = ("suppression", "done", f"{what} marketing complaint")
        async with walk.records(named, role="operator", fields=["phone"]):
            await walk.by(Role.OPERATOR, method, "/v1/suppressions", nothing)
    incident = {
        "nature": "leak", "cause": "intrusion", "since": "2020-01-01T00:00:00Z",
        "until": "2020-01-02T00:00:00Z", "tables": ["gateway.consent_event"],
    }  # fmt: skip
    searched = ("incident", "done", "incident searched")
    async with walk.records(("incident", "done", "POST /v1/incidents"), searched):
        opened = (await walk.by(Role.COMPLIANCE, "POST", "/v1/incidents", incident)).json()
    path = f"/v1/incidents/{opened['incident_id']}/members"
    listed = ("export", "done", "GET /v1/incidents/{incident_id}/members")
    async with walk.records(listed, ticket=opened["incident_id"]):
        await walk.by(Role.COMPLIANCE, "GET", path)


async def keys(walk: Walk, _: Any) -> None:
    scope = {"scope": "member", "member_id": str(MEMBER)}
    begun, ended = ("key", "done", "POST /v1/keys/rotate"), ("key", "done", "keys rotated: member")
    walk.gateway.parts.rotations._kept = type(walk.gateway.parts.rotations._kept)(
        timedelta(0), timedelta(0)
    )
    ring, seconds = walk.gateway.parts.keeper.ring, walk.gateway.parts.keeper.ring.seconds
    ring.seconds = 0.0
    walk.inner.replies["GET /internal/sealed"] = 200, []
    async with walk.records(begun, ended, members=walk.member, fields=["member"]):
        assert (await walk.by(Role.ADMIN, "POST", "/v1/keys/rotate", scope)).status_code == 202
    ring.seconds = seconds
    gateway = walk.gateway
    job = signing_keys(gateway.parts.keys, gateway.parts.tokens.ring, gateway.parts.audit)
    now = gateway.app.db.clock.now()
    async with walk.records(("key", "done", "keys rotated: signing"), subject="gateway"):
        await job.run(gateway.app.db, now + timedelta(days=1))


async def policies(walk: Walk, _: Any) -> None:
    policies = walk.gateway.parts.views.policies
    text, file = SHIPPED.read_text(), walk.gateway.key_dir / "trial.cedar"
    policies._path, policies._look_at = file, math.inf  # reloaded when the walk says so
    other = f"{text}// another"
    file.write_text(other)
    digest = sha256(other.encode()).hexdigest()
    async with walk.records(("policy", "done", f"policy {digest}"), subject="gateway"):
        await policies.reload()
    file.write_text("permit nonsense")
    async with walk.records(("policy", "refused", f"policy {digest}"), subject="gateway"):
        await policies.reload()
    words = {"title": "x", "text": "x"}
    notice = {"purpose": "marketing", "zh": words, "en": words, "material": False}
    async with walk.records(("policy", "done", "POST /v1/notices"), role="compliance"):
        assert (await walk.by(Role.COMPLIANCE, "POST", "/v1/notices", notice)).status_code == 201
    schema = {"event": "E", "document": {"required": ["sku"]}}
    async with walk.records(("policy", "done", "POST /v1/schemas"), role="data_operator"):
        assert (await walk.by(Role.DATA_OPERATOR, "POST", "/v1/schemas", schema)).is_success


async def admissions(walk: Walk, _: Any) -> None:
    jwk = dict(type(walk.partner.key).generate_key("Ed25519").as_dict(private=False))
    steps: list[tuple[str, str, Any]] = [
        ("POST", "/v1/clients", {"client_id": "x-1", "role": "partner"}),
        ("POST", "/v1/clients/{client_id}/keys", {"key_id": "k-1", "public_jwk": jwk}),
        ("DELETE", "/v1/clients/{client_id}/keys/{key_id}", None),
        ("DELETE", "/v1/clients/{client_id}", None),
        ("POST", "/v1/write-keys", {"name": "x-1"}),
        ("POST", "/v1/staff", {"username": "x-1", "role": "guide"}),
        ("PATCH", "/v1/staff/{username}", {"disabled": True}),
    ]
    for method, path, body in steps:
        filled = path.format(client_id="x-1", key_id="k-1", username="x-1")
        async with walk.records(("admission", "done", f"{method} {path}"), subject="dev-admin"):
            assert (await walk.by(Role.ADMIN, method, filled, body)).status_code < 300, path
    await hooks(walk)
    async with walk.records(("admission", "refused", "POST /v1/staff"), subject="dev-admin"):
        again = {"username": "x-1", "role": "guide"}
        assert (await walk.by(Role.ADMIN, "POST", "/v1/staff", again)).status_code == 409


async def hooks(walk: Walk) -> None:
    path, one = "/v1/webhooks", "/v1/webhooks/{webhook_id}"
    body = {"url": "https://partner.example/", "events": ["points.burnt"]}
    async with walk.records(("admission", "done", f"POST {path}"), subject="dev-partner"):
        made = (await walk.by(Role.PARTNER, "POST", path, body)).json()
    for method, below in (("POST", "/rotate"), ("POST", "/enable"), ("DELETE", "")):
        named = ("admission", "done", f"{method} {one}{below}")
        async with walk.records(named, ticket=made["webhook_id"]):
            await walk.by(Role.PARTNER, method, f"{path}/{made['webhook_id']}{below}")


async def sign_ins(walk: Walk, _: Any) -> None:
    http, page = walk.gateway.http, "POST /oauth2/authorize"
    offered = ("admission", "done", "POST /v1/me/second-factor")
    confirmed = ("admission", "done", "POST /v1/me/second-factor/confirm")
    async with walk.records(offered, confirmed, subject="staff:li.wei", role="admin"):
        totp = await enrolled(walk.browser)
    walk.gateway.app.db.clock.move(  # type: ignore[attr-defined]
        walk.gateway.app.db.clock.now() + timedelta(minutes=1)
    )
    wrong = ("sign_in", "refused", page)
    async with walk.records(wrong, subject="staff:li.wei", fields=["password"]):
        opened = await walk.browser.opens()
        await walk.browser.sends(opened, username="li.wei", password="wrong-password")
    async with walk.records(wrong, subject="nobody", role=None):
        await walk.browser.sends(opened, username="13912345678", password="wrong-password")
    async with walk.records(wrong, subject="staff:li.wei", fields=["otp"]):
        second = await walk.browser.signs_in()
        second = await walk.browser.sends(second, otp="000000")
    async with walk.records(("step_up", "done", page), subject="staff:li.wei"):
        back = await walk.browser.sends(second, otp=totp.at(walk.gateway.app.db.clock.now()))
    tokens = (await walk.browser.exchanges(back)).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    step_up = "POST /v1/me/step-up"
    async with walk.records(("step_up", "refused", step_up), subject="staff:li.wei"):
        await http.post("/v1/me/step-up", json={"otp": "000000"}, headers=bearer)
    walk.gateway.app.db.clock.move(  # type: ignore[attr-defined]
        walk.gateway.app.db.clock.now() + timedelta(minutes=1)
    )
    otp = {"otp": totp.at(walk.gateway.app.db.clock.now())}
    async with walk.records(("step_up", "done", step_up), subject="staff:li.wei"):
        assert (await http.post("/v1/me/step-up", json=otp, headers=bearer)).status_code == 200
    password = {"old": walk.browser.passwords["guo"], "new": "another-long-password"}
    theirs = {"Authorization": f"Bearer {(await walk.browser.tokens('guo'))['access_token']}"}
    async with walk.records(("admission", "done", "PUT /v1/me/password"), subject="staff:guo"):
        await http.put("/v1/me/password", json=password, headers=theirs)
    await clients(walk, tokens["refresh_token"])
    locked = ("lock_out", "refused", page)
    async with walk.records(*[wrong] * 9, locked, subject="staff:guo"):
        for _n in range(10):
            await walk.browser.sends(opened, username="guo", password="wrong-password")


async def clients(walk: Walk, refresh: str) -> None:
    """Programmes that show the wrong thing, and tokens that end."""
    http, token = walk.gateway.http, "POST /oauth2/token"
    wrong = {"client_id": "miles", "client_secret": "l3ak", "grant_type": "client_credentials"}
    async with walk.records(("sign_in", "refused", token), subject="miles", role="partner"):
        await http.post("/oauth2/token", data=wrong)
    async with walk.records(("sign_in", "refused", token), subject="nobody"):
        await http.post("/oauth2/token", data={**wrong, "client_id": "13912345678"})
    signed = walk.partner.signed()
    aim = "POST /v1/members/{member_id}/redemptions"
    async with walk.records(("sign_in", "refused", aim), subject="miles"):
        assert (await walk.partner.sends(signed))[0] == 200
        assert (await walk.partner.sends(signed))[0] == 401  # once more
    once = await walk.browser.refreshes(refresh)
    revoked = ("revocation", "done", token)
    async with walk.records(("sign_in", "refused", token), revoked):
        assert (await walk.browser.refreshes(refresh)).status_code == 400
    assert (await walk.browser.refreshes(once.json()["refresh_token"])).status_code == 400
    pos = walk.gateway.clients["clients"]["pos"]
    mine = await walk.gateway.token(Role.POS)
    for whose, decision in ((mine, "done"), (await walk.gateway.token(Role.GUIDE), "refused")):
        named = ("revocation", decision, "POST /oauth2/revoke")
        async with walk.records(named, subject="dev-pos", role="pos"):
            await http.post("/oauth2/revoke", data={"token": whose, **pos})
    app = {"client_id": "app", "role": "member", "confidential": False,
           "grants": ["urn:huiyuan:grant:sms-otp"]}  # fmt: skip
    await walk.by(Role.ADMIN, "POST", "/v1/clients", app)
    await http.post("/v1/login/codes", json={"phone": "13912345678"})
    form = {"grant_type": "urn:huiyuan:grant:sms-otp", "client_id": "app",
            "phone": "13912345678", "otp": "000000x"}  # fmt: skip
    async with walk.records(*[("sign_in", "refused", token)] * 5, ("lock_out", "refused", token)):
        for _n in range(5):
            await http.post("/oauth2/token", data=form)


async def rights(walk: Walk, _: Any) -> None:
    """Last: the member is gone afterwards."""
    post = "POST /v1/members/{member_id}/rights-requests"
    async with walk.records(("rights", "refused", post), role="service_agent"):
        headers = await walk.gateway.as_(Role.SERVICE_AGENT)
        assert (await claim(walk.gateway, "copy", headers)).status_code == 403
    async with walk.records(("rights", "done", "rights copy"), members=walk.everybody):
        made = (await claim(walk.gateway, "copy")).json()
    refuse = f"/v1/rights-requests/{made['request_id']}/refuse"
    async with walk.records(("rights", "refused", "rights copy"), role="compliance"):
        await walk.by(Role.COMPLIANCE, "POST", refuse, {"reason": "excessive"})
    async with walk.records(("rights", "refused", "POST /v1/rights-requests/{request_id}/refuse")):
        await walk.by(Role.COMPLIANCE, "POST", refuse, {"reason": "excessive"})
    made = (await claim(walk.gateway, "copy")).json()
    request = UUID(made["request_id"])
    async with walk.records(("rights", "done", "rights copy answered"), subject="gateway"):
        await tell(walk.gateway, *(answer(request, each) for each in INNER))
    itself = {"role": "member", "subject": walk.member[0]}
    async with walk.records(("read", "plain", "rights archive"), **itself):
        await walk.by(Role.MEMBER, "GET", f"{PATH}/{request}/archive")
    gone = ("key", "done", "keys of a member destroyed")
    async with walk.records(("rights", "done", "rights erase"), gone):
        assert (await claim(walk.gateway, "erase")).status_code == 201


PARTS: tuple[Callable[[Walk, Any], Awaitable[None]], ...] = (
    readings, lookups, unions, approvals, campaigns, movements, keys, policies, admissions,
    sign_ins, rights,
)  # fmt: skip


async def test_everything_on_the_list_is_recorded(
    gateway: Gateway,
    inner: Inner,
    browser: Browser,  # noqa: F811
    partner: Partner,  # noqa: F811
    person: dict[str, str],  # noqa: F811
) -> None:
    walk = Walk(gateway, inner, browser, partner)
    for part in PARTS:
        await part(walk, person)
    assert {action for action, _, _ in walk.seen} == set(Action)
    done = {operation for _, decision, operation in walk.seen if decision == "done"}
    told_otherwise = {  # by what they do, not by their name
        "POST /v1/dead-letters/{delivery_id}/replay",
        *(f"{method} /v1/suppressions" for method in ("POST", "DELETE")),
        "POST /v1/members/{member_id}/rights-requests",
        "POST /v1/rights-requests/{request_id}/refuse",
    }
    assert {each.name for each in CASES} - told_otherwise <= done
    entries = await walk.entries()
    bodies = "".join(map(str, entries))
    assert not [value for value in VALUES if value in bodies]
    assert str(MEMBER) not in bodies
    compliance = await gateway.as_(Role.COMPLIANCE)
    verified = (await gateway.http.get("/v1/audit/verify", headers=compliance)).json()
    assert verified["clean"] and verified["entries"] == len(entries)


async def test_whoever_may_not_is_recorded_at_every_audited_operation(gateway: Gateway) -> None:
    wanted = set()
    for operation in CASES:
        role = next(r for r in sorted(STAFF | {Role.PARTNER}) if r not in operation.roles)
        path = re.sub(r"{\w+}", str(MEMBER), operation.path)
        headers = await gateway.as_(role)
        refused = await gateway.http.request(operation.method, path, json={}, headers=headers)
        assert refused.status_code == 403, operation.name
        wanted.add((operation.audited, "refused", operation.name, role))
    async with gateway.app.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT body FROM audit")
    found = [msgspec.json.decode(row["body"]) for row in rows]
    assert {(e["action"], e["decision"], e["operation"], e["role"]) for e in found} == wanted


def test_every_change_by_staff_in_the_gateway_is_audited() -> None:
    """An operation that is new: say in its contract as what it is audited, or why not here."""
    otherwise = {
        "PUT /v1/members/{member_id}/consents": "where somebody else than the member says it",
        "POST /v1/consents/batch": "by purpose, channel and answer",
        "POST /v1/webhooks/{webhook_id}/ping": "sends a word of ours, changes nothing",
        "POST /v1/members/{member_id}/prompts/{delivery_id}/answers": "a till's receipt",
        "POST /v1/call-tasks/{delivery_id}/claim": "a list of work; the number is a plain read",
        "POST /v1/call-tasks/{delivery_id}/close": "a receipt",
    }
    changing = {
        each.name
        for each in openapi.operations()
        if each.service == "gateway" and each.method != "GET" and not each.open
    }
    assert changing - {each.name for each in CASES} == set(otherwise)
    risky = re.compile("import|export|suppress|batch$")
    assert not [
        each.name
        for each in openapi.operations()
        if risky.search(each.path) and each.service == "identity" and each.audited is None
    ]
