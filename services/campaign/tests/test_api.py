"""The service as it runs: paths, problems, and events over the real bus."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.campaign.tests.world import at

from chassis.clock import DrivenClock
from contracts.campaign import plans as api
from contracts.classification import Kind
from contracts.events import (
    CouponOffered,
    IdentifierLinked,
    MemberRegistered,
    MessageRequested,
    MessageSent,
    OrdersRecorded,
    RecordedOrder,
)
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.roles import Role
from testkit import eventually
from testkit.apps import RunningApp

ServiceApp = Callable[..., Awaitable[RunningApp]]
PLAN = {
    "name": "spring",
    "scenario": "repurchase",
    "offer": {"percent_off": 20, "valid_days": 14},
    "control_share": 0.0,
    "budget": {"amount": 100_000, "currency": "CNY"},
}
MEMBER = UUID(int=7)


@pytest.fixture
async def app(clean: None, clock: DrivenClock, service_app: ServiceApp) -> RunningApp:
    clock.move(at("2017-03-01 12:00"), ticking=False)
    return await service_app("campaign_service.app")


async def post(app: RunningApp, path: str, role: Role, **more: Any) -> httpx.Response:
    headers = {**app.headers(role), **more.pop("headers", {})}
    return await app.client.post(f"/v1/campaigns{path}", headers=headers, **more)


async def launched(app: RunningApp) -> str:
    campaign_id: str = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    for action, role in (
        ("submit", Role.PLANNER), ("approve", Role.APPROVER), ("launch", Role.PLANNER),
    ):  # fmt: skip
        answer = await post(app, f"/{campaign_id}/{action}", role)
        assert answer.status_code == 200
    return campaign_id


async def tell(app: RunningApp, *events: Any) -> None:
    """Publish as another service would, through the outbox, and wait until it was heard."""
    async with app.db.transaction() as tx:
        for event in events:
            tx.publish(event)
    runtime = app.app.state.runtime

    async def heard() -> bool:
        lag: dict[str, int] = await runtime.lag()
        return lag == {"outbox": 0, "unread": 0}

    await eventually(heard)


async def test_from_plan_to_approval_with_its_history(app: RunningApp) -> None:
    campaign_id = await launched(app)
    shown = (await app.client.get(f"/v1/campaigns/{campaign_id}")).json()
    campaign = api.Campaign.model_validate(shown)
    assert (campaign.author, campaign.approver) == ("test-planner", "test-approver")
    assert [(step.version, step.action, step.actor) for step in campaign.steps] == [
        (1, "plan", "test-planner"),
        (2, "submit", "test-planner"),
        (3, "approve", "test-approver"),
        (4, "launch", "test-planner"),
    ]
    assert campaign.status is api.CampaignStatus.LAUNCHED


async def test_the_author_cannot_approve(app: RunningApp) -> None:
    campaign_id = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    await post(app, f"/{campaign_id}/submit", Role.PLANNER)
    refused = await post(app, f"/{campaign_id}/approve", Role.PLANNER)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_campaign")
    assert refused.headers["content-type"] == "application/problem+json"


async def test_steps_out_of_turn_and_unknown_campaigns(app: RunningApp) -> None:
    campaign_id = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    early = await post(app, f"/{campaign_id}/launch", Role.PLANNER)
    assert (early.status_code, early.json()["code"]) == (409, "wrong_step")
    unknown = await post(app, f"/{UUID(int=1)}/launch", Role.PLANNER)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_campaign")
    assert (await app.client.get(f"/v1/campaigns/{UUID(int=1)}/report")).status_code == 404


async def test_a_rejected_plan_tells_why(app: RunningApp) -> None:
    campaign_id = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    await post(app, f"/{campaign_id}/submit", Role.PLANNER)
    answer = await post(
        app, f"/{campaign_id}/reject", Role.APPROVER, json={"reason": "too generous"}
    )
    assert answer.json()["status"] == "planned"
    assert answer.json()["steps"][-1]["note"] == "too generous"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"offer": {"percent_off": 99, "valid_days": 14}}, "/offer/percent_off"),
        ({"scenario": "bribe"}, "/scenario"),
        ({"surprise": 1}, "/surprise"),
        ({"budget": {"amount": -1}}, "/budget/amount"),
        ({"template": {"zh": "{code}", "en": "{code} opt out"}}, "/template/zh"),
        ({"schedule": {"starts_on": "2017-02-02", "ends_on": "2017-02-01"}}, "/schedule/ends_on"),
    ],
)
async def test_bad_plans_are_refused_with_a_pointer(
    app: RunningApp, change: dict[str, Any], pointer: str
) -> None:
    answer = await post(app, "", Role.PLANNER, json={**PLAN, **change})
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_names_and_keys_are_used_once(app: RunningApp) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await post(app, "", Role.PLANNER, json=PLAN, headers=key)
    again = await post(app, "", Role.PLANNER, json=PLAN, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await post(app, "", Role.PLANNER, json={**PLAN, "name": "x"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    taken = await post(app, "", Role.PLANNER, json=PLAN)
    assert (taken.status_code, taken.json()["code"]) == (409, "campaign_exists")


async def test_dry_run_changes_nothing(app: RunningApp) -> None:
    dry = await post(app, "?dry_run=true", Role.PLANNER, json=PLAN)
    assert (dry.status_code, dry.json()["status"]) == (201, "planned")
    assert (await app.client.get("/v1/campaigns")).json()["data"] == []
    campaign_id = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    dry = await post(app, f"/{campaign_id}/submit?dry_run=true", Role.PLANNER)
    assert dry.json()["status"] == "submitted"
    shown = await app.client.get(f"/v1/campaigns/{campaign_id}")
    assert (shown.json()["status"], shown.json()["version"]) == ("planned", 1)


async def test_lists_come_in_pages(app: RunningApp) -> None:
    for number in range(5):
        await post(app, "", Role.PLANNER, json={**PLAN, "name": f"c{number}"})
    names, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await app.client.get("/v1/campaigns", params=query)).json()
        names += [campaign["name"] for campaign in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == ["c4", "c3", "c2", "c1", "c0"]


async def test_a_lapse_from_order_to_report_over_the_bus(
    app: RunningApp, clock: DrivenClock
) -> None:
    campaign_id = await launched(app)
    await app.client.post("/internal/tick")
    order = RecordedOrder(
        "o1", MEMBER, "s1", "pos", at("2017-03-01 13:00"), 9900, 99, 99, [("sku", 1, 9900)]
    )
    agreed = ConsentAnswer(MEMBER, "marketing", "sms", granted=True)
    await tell(
        app,
        MemberRegistered(MEMBER, at("2017-01-01")),
        IdentifierLinked(MEMBER, Kind.PHONE, "phone:x", at("2017-01-01"), "registration"),
        ConsentChanged([agreed], at("2017-01-01")),
        OrdersRecorded([order]),
    )

    clock.move(at("2017-04-01 00:00"), ticking=False)
    await app.client.post("/internal/tick")
    explained = (await app.client.get(f"/v1/members/{MEMBER}/contact-decisions")).json()["data"][0]
    assert explained["outcome"] == "message"
    assert [(check["check"], check["passed"]) for check in explained["checks"]] == [
        ("audience", True), ("control_group", True), ("objection", True), ("consent", True),
        ("suppression", True), ("quiet_hours", False), ("stale", True), ("caps", True),
        ("budget", True), ("channel", True), ("wording", True),
    ]  # fmt: skip
    assert "2017-03-01" in explained["checks"][0]["zh"]
    held = (await app.client.get(f"/v1/members/{MEMBER}/deliveries")).json()["data"][0]
    assert (held["status"], held["due_at"]) == ("held", "2017-04-01T01:00:00Z")

    clock.move(at("2017-04-01 09:00"), ticking=False)
    await app.client.post("/internal/tick")
    async with app.db.transaction() as tx:
        delivery_id, code = await tx.fetchrow("SELECT delivery_id, coupon_code FROM delivery")
        subjects = await tx.fetch("SELECT subject FROM outbox ORDER BY id DESC LIMIT 2")
    assert [row["subject"] for row in subjects] == [
        MessageRequested.subject, CouponOffered.subject,
    ]  # fmt: skip
    used = RecordedOrder(
        "o2", MEMBER, "s1", "pos", at("2017-04-03 13:00"), 8000, 80, 80, [], [code]
    )
    await tell(
        app, MessageSent(delivery_id, "sent", None, at("2017-04-01 09:00")), OrdersRecorded([used])
    )
    report = (await app.client.get(f"/v1/campaigns/{campaign_id}/report")).json()
    funnel = {name: report[name] for name in ("targeted", "sent", "redeemed", "revenue_fen")}
    assert funnel == {"targeted": 1, "sent": 1, "redeemed": 1, "revenue_fen": 8000}
    explained = (await app.client.get(f"/v1/members/{MEMBER}/contact-decisions")).json()["data"][0]
    assert (explained["checks"][-1]["check"], explained["checks"][-1]["passed"]) == (
        "sending", True,
    )  # fmt: skip


async def test_unknown_members_have_no_history(app: RunningApp) -> None:
    for path in ("deliveries", "contact-decisions"):
        answer = await app.client.get(f"/v1/members/{UUID(int=99)}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_member")


async def test_experiments_are_planned_read_and_given_up_by_their_paths(app: RunningApp) -> None:
    campaign_id = (await post(app, "", Role.PLANNER, json=PLAN)).json()["campaign_id"]
    asked = {
        "name": "hours", "campaign_id": campaign_id, "planned_members": 1_000,
        "arms": [{"name": "now"}, {"name": "noon", "send_hour": 12}],
    }  # fmt: skip
    planner = app.headers(Role.PLANNER)
    key = planner | {"idempotency-key": "e1"}
    made = await app.client.post("/v1/experiments", json=asked, headers=key)
    again = await app.client.post("/v1/experiments", json=asked, headers=key)
    assert made.status_code == 201 and again.json() == made.json()
    path = f"/v1/experiments/{made.json()['experiment_id']}"
    listed = (await app.client.get("/v1/experiments", headers=planner)).json()
    assert [each["name"] for each in listed["data"]] == ["hours"]
    report = (await app.client.get(f"{path}/report", headers=planner)).json()
    assert (report["reason"], report["decided"]) == ("too_few", False)
    refused = await app.client.post(f"{path}/stop", json={}, headers=planner)
    assert refused.status_code == 409 and refused.json()["code"] == "not_decided"
    stopped = await app.client.post(f"{path}/stop", json={"give_up": True}, headers=planner)
    assert stopped.status_code == 200 and stopped.json()["winner"] is None
    group = "/v1/experiments/global-control"
    set_ = await app.client.put(group, json={"share": 0.05}, headers=app.headers(Role.OPERATOR))
    shown = (await app.client.get(group, headers=planner)).json()
    assert set_.json() == shown and (shown["share"], shown["set_by"]) == (0.05, "test-operator")
    told = (await app.client.get(f"{group}/report", headers=planner)).json()
    assert told["causal"] is False and told["reason"] == "too_few"
    whole = await app.client.get(f"/v1/campaigns/{campaign_id}/report?by=variant", headers=planner)
    assert whole.status_code == 200 and whole.json()["by"] == "variant"
