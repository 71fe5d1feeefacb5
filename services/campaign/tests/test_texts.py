"""Templates as they are kept and shown: versions, previews for members, drafts, the word list."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from services.campaign.tests.test_api import tell
from services.campaign.tests.world import at

from campaign_service.templates.scenes import shipped
from chassis.clock import DrivenClock
from contracts import templates as api
from contracts.events import MemberRegistered
from contracts.roles import Role
from testkit.apps import RunningApp

ServiceApp = Callable[..., Awaitable[RunningApp]]
SMS = [
    {"channel": "sms", "language": language, "variant": variant, "parts": {"text": text}}
    for variant in ("a", "b")
    for language, text in (("zh", "{{ name }}，{{ goods|titles }}到店，{{ tier }}可享"),
                           ("en", "{{ name }}, {{ goods|titles }} for {{ tier }}"))
]  # fmt: skip
NEW = {
    "key": "milk", "scene": "recommendation", "name": {"zh": "牛奶", "en": "Milk"},
    "contents": SMS, "defaults": {"tier": {"zh": "会员", "en": "members"}},
}  # fmt: skip
VALUES = {"goods": [{"title": "有机牛奶", "price": {"amount": 1990}}]}


@pytest.fixture
async def app(clean: None, clock: DrivenClock, service_app: ServiceApp) -> RunningApp:
    clock.move(at("2017-03-01 12:00"), ticking=False)
    return await service_app("campaign_service.app")


async def post(app: RunningApp, path: str, body: Any, **headers: str) -> httpx.Response:
    return await app.client.post(path, json=body, headers={**app.headers(Role.PLANNER), **headers})


async def test_what_ships_is_there_once_and_versions_stay(
    app: RunningApp, service_app: ServiceApp
) -> None:
    await service_app("campaign_service.app")  # a second start adds nothing
    page = (await app.client.get("/v1/templates?limit=200")).json()
    assert {each["key"] for each in page["data"]} == {scene.key for scene in shipped()}
    few = (await app.client.get("/v1/templates?limit=3")).json()
    rest = (await app.client.get(f"/v1/templates?limit=200&cursor={few['next_cursor']}")).json()
    assert few["data"] + rest["data"] == page["data"]

    made = await post(app, "/v1/templates", NEW, **{"Idempotency-Key": "k"})
    assert made.status_code == 201
    assert (await post(app, "/v1/templates", NEW, **{"Idempotency-Key": "k"})).json() == made.json()
    template = api.Template.model_validate(made.json())
    assert (template.version, template.author) == (1, "test-planner")
    assert template.variables == ["goods", "name", "tier"]
    again = await post(app, "/v1/templates", NEW)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (409, "/key")

    path = f"/v1/templates/{template.template_id}"
    second = await post(app, f"{path}/versions", {"contents": SMS[:2]})
    assert second.json()["version"] == 2 and len(second.json()["contents"]) == 2
    assert (await app.client.get(path)).json() == second.json()
    assert (await app.client.get(f"{path}?version=1")).json() == made.json()
    assert (await app.client.get(f"{path}?version=3")).status_code == 404

    bad = [{**each, "parts": {"text": "国家级{{ 9**9 }}"}} for each in SMS[:2]]
    refused = await post(app, f"{path}/versions", {"contents": bad})
    assert refused.status_code == 422
    assert {each["pointer"] for each in refused.json()["errors"]} == {
        "/contents/0/parts", "/contents/1/parts",
    }  # fmt: skip


async def test_previews_and_drafts(app: RunningApp) -> None:
    members = [
        MemberRegistered(app.db.ids.new(), at("2017-01-01"), language=language)
        for language in ("zh", "en", "zh", "zh-CN", "en-GB", "zh")
    ]
    await tell(app, *members)
    made = (await post(app, "/v1/templates", NEW)).json()
    path = f"/v1/templates/{made['template_id']}"

    async def render(**more: Any) -> httpx.Response:
        return await post(app, f"{path}/render", {"channel": "sms", "values": VALUES, **more})

    both = api.Rendering.model_validate((await render(variant="a")).json())
    assert [each.parts["text"] for each in both.previews] == [
        "{name}，有机牛奶到店，会员可享", "{name}, 有机牛奶 for members",
    ]  # fmt: skip
    assert all(each.sendable and each.fallbacks == ["tier"] and each.sms for each in both.previews)
    bare = (await render(values={}, language="zh", variant="a")).json()["previews"][0]
    assert bare["missing"] == ["goods"] and not bare["sendable"]
    boasting = {"goods": [{"title": "顶 级牛奶"}]}
    blocked = (await render(values=boasting, language="zh", variant="a")).json()["previews"][0]
    assert blocked["wording"]["verdict"] == "block" and not blocked["sendable"]

    seen = api.Rendering.model_validate((await render(sample=20)).json())
    assert {each.member_id for each in seen.previews} == {each.member_id for each in members}
    assert sorted(each.language for each in seen.previews) == ["en", "en", "zh", "zh", "zh", "zh"]
    assert {each.variant for each in seen.previews} <= {"a", "b"}
    assert all("{name" in each.parts["text"] for each in seen.previews)
    assert (await render(channel="push")).json()["errors"][0]["pointer"] == "/channel"
    assert (await render(variant="z")).status_code == 422

    body = {"channel": "sms", "tags": ["price_sensitive"], "count": 3, "offer": "满100减30",
            **VALUES}  # fmt: skip
    drafts = api.Drafts.model_validate((await post(app, f"{path}/drafts", body)).json())
    assert (drafts.writer, len(drafts.data)) == ("rules", 3)
    assert "tag:price_sensitive" in drafts.data[0].because
    assert len({each.contents[0].parts["text"] for each in drafts.data}) == 3
    assert "有机牛奶19.9元" in drafts.data[0].contents[0].parts["text"]
    taken = [each.model_dump() for draft in drafts.data for each in draft.contents]
    assert (await post(app, f"{path}/versions", {"contents": taken})).status_code == 201
    hostile = {**body, "goods": [{"title": "{{ 9**9 }}{% raw %}"}], "count": 1}
    (one,) = (await post(app, f"{path}/drafts", hostile)).json()["data"]
    assert "{{ 9" not in one["contents"][0]["parts"]["text"]
    boast = {**body, "goods": [{"title": "国家级牛奶"}]}
    assert (await post(app, f"{path}/drafts", boast)).json()["data"] == []

    told = await post(app, "/v1/wording-checks", {"text": "國家級，最后一天"})
    check = api.WordingCheck.model_validate(told.json())
    assert check.verdict == "block" and check.findings[0].end == 3
