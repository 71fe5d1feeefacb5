"""What members are asked and invited to: a survey after a purchase, a place that becomes free."""

import re
from typing import Any

import pytest

from testkit import eventually
from tests.journeys.conftest import Api, order, phone, registration, unique
from tests.journeys.test_privacy import SMS, messages, next_morning, now, yes

pytestmark = pytest.mark.usefixtures("shop")
SURVEY: dict[str, Any] = {
    "name": {"zh": "购物体验", "en": "Your purchase"}, "touchpoint": "purchase", "share": 1.0,
    "delay_hours": 0, "quiet_days": 1,
    "questions": [{"question": "recommend", "kind": "nps",
                   "text": {"zh": "您会推荐我们吗？", "en": "Would you recommend us?"}}],
}  # fmt: skip


async def joined(api: Api) -> tuple[str, str]:
    """(member, phone) of somebody who agreed to SMS."""
    number = phone()
    body = registration({"kind": "phone", "value": number}, name="欧阳小明")
    member: str = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    consents = {"consents": [yes(SMS)]}
    await api.ok("PUT", f"/v1/members/{member}/consents", consents, role="member", member=member)
    return member, number


async def message(api: Api, member: str, words: str) -> str:
    """The one with these words."""

    async def found() -> list[str]:
        return [text for text in await messages(api, member) if words in text]

    await eventually(found)
    return (await found())[0]


async def test_a_purchase_is_asked_about_and_answered_once(api: Api) -> None:
    member, number = await joined(api)
    survey = await api.ok("POST", "/v1/surveys", {**SURVEY, "key": unique()}, role="planner")
    path = f"/v1/surveys/{survey['survey_id']}"
    await api.ok("POST", f"{path}/open", role="planner")
    try:
        await next_morning(api)
        paid = (await now(api)).isoformat()
        bought = order({"kind": "phone", "value": number}, 10_00, paid_at=paid)
        await api.ok("POST", "/v1/orders", bought, role="pos")
        text = await message(api, member, "体验如何")
        assert text.startswith("欧阳小明，您在") and "退订" in text
        link = re.search(r"https://\S+(/s/[\w-]+)", text)
        assert link, text
        page = await api.http.get(link[1])
        assert page.status_code == 200 and "您会推荐我们吗？" in page.text
        for answer, said in (("9", "已收到您的回答"), ("2", "您已经回答过了")):
            sent = await api.http.post(link[1], data={"recommend": answer})
            assert sent.status_code == 200 and said in sent.text
        report = await api.ok("GET", f"{path}/report", role="analyst")
        assert (report["sent"], report["answered"]) == (report["invited"], 1)
        assert report["data"] == [{"question": "recommend", "option": "9", "answers": 1}]
        figures = await api.ok("GET", "/v1/satisfaction", role="analyst")
        (nps,) = [each for each in figures["data"] if each["measure"] == "nps"]
        assert nps["answers"] >= 1 and nps["low"] < nps["value"] <= nps["high"]
    finally:
        await api.ok("POST", f"{path}/close", role="planner")


async def test_a_place_that_becomes_free_goes_to_who_waits(api: Api) -> None:
    (one, _), (two, _) = await joined(api), await joined(api)
    await next_morning(api)
    day = (await now(api)).date().replace(year=2099).isoformat()
    activity = await api.ok("POST", "/v1/activities", {
        "kind": "tasting", "title": {"zh": f"品鉴{unique()}", "en": "Tasting"}, "capacity": 1,
        "starts_at": f"{day}T14:00:00+08:00", "ends_at": f"{day}T16:00:00+08:00",
    }, role="planner")  # fmt: skip
    path = f"/v1/activities/{activity['activity_id']}"
    code = await api.ok("POST", f"{path}/codes", {"use": "signup"}, role="guide")
    assert code["url"].endswith(f"/s/{code['token']}")
    poster = await api.http.get(f"/s/{code['token']}")
    assert poster.status_code == 200 and activity["title"]["zh"] in poster.text
    token = {"token": code["token"]}
    for member, status in ((one, "confirmed"), (two, "waiting")):
        place = await api.ok("POST", f"{path}/signups", token, role="member", member=member)
        assert place["status"] == status
    foreign = await api.call("DELETE", f"{path}/signups/{two}", role="member", member=one)
    assert foreign.status_code == 403
    named = {"member_id": two}
    other = await api.call("POST", f"{path}/signups", named, role="member", member=one)
    assert (other.status_code, other.json()["code"]) == (403, "not_own")
    await api.ok("DELETE", f"{path}/signups/{one}", role="member", member=one)
    places = await api.ok("GET", f"/v1/members/{two}/signups", role="member", member=two)
    assert places["data"][0]["status"] == "confirmed" and places["data"][0]["ticket"]
    text = await message(api, two, "有名额了")
    assert text.startswith("欧阳小明，") and "退订" not in text  # about the member's own sign-up
