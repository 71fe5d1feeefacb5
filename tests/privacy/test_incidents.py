"""An incident on the running platform: those it concerns, counted and named, and the notices."""

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from testkit import eventually
from tests.journeys.conftest import Api, order, phone, registration, unique

LEAK = {"nature": "leak", "cause": "intrusion", "measures": ["access_revoked"]}


pytestmark = pytest.mark.usefixtures("shop")


async def join(api: Api, **more: Any) -> tuple[str, dict[str, str]]:
    """Somebody with a card and a phone."""
    card = {"kind": "card_no", "value": f"c{unique()}"}
    body = registration(card, {"kind": "phone", "value": phone()}, **more)
    return (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"], card


async def now(api: Api) -> datetime:
    """The platform's time."""
    moved = await api.http.post("/dev/clock", json={"advance_seconds": 1})
    return datetime.fromisoformat(moved.json()["now"])


async def found(api: Api, **request: Any) -> dict[str, Any]:
    """The incident when the search is over."""
    opened = await api.ok("POST", "/v1/incidents", {**LEAK, **request}, role="compliance")
    assert opened["notices"] is None or opened["finished_at"]

    async def over() -> Any:
        path = f"/v1/incidents/{opened['incident_id']}"
        incident = await api.ok("GET", path, role="compliance")
        return incident["finished_at"] and incident

    incident: dict[str, Any] = await eventually(over, timeout=30, says="the search goes on")
    assert (incident["waiting"], incident["done"]) == ([], incident["total"])
    assert incident["finished_at"] <= incident["due_at"]
    return incident


async def members_of(api: Api, incident: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Everybody on the list, by pages of two."""
    seen: dict[str, dict[str, Any]] = {}
    path, cursor = f"/v1/incidents/{incident['incident_id']}/members?limit=2", ""
    while True:
        page = await api.ok("GET", f"{path}{cursor}", role="compliance")
        seen |= {each["member_id"]: each for each in page["data"]}
        if page["next_cursor"] is None:
            return seen
        cursor = f"&cursor={page['next_cursor']}"


async def test_those_written_in_the_window_are_found_in_every_service(api: Api) -> None:
    before, _ = await join(api)
    since = await now(api)
    inside, card = await join(api)
    other, _ = await join(api)
    await api.ok("POST", "/v1/orders", order(card, 10_000, paid_at=since.isoformat()), role="pos")
    await api.settled()
    until = await now(api)
    after, _ = await join(api)
    await api.settled()
    window = {"since": since.isoformat(), "until": until.isoformat(), "rows": "written"}

    incident = await found(api, **window, tables=["identity.member", "points.orders"])
    assert set(await members_of(api, incident)) == {inside, other}
    counts = {each["of"]: each["members"] for each in incident["by_table"]}
    assert counts == {"identity.member": 2, "points.orders": 1}
    assert {each["of"]: each["members"] for each in incident["by_class"]} == {
        "internal": 1, "personal": 2,
    }  # fmt: skip
    listed = await members_of(api, incident)
    assert listed[inside]["tables"] == ["identity.member", "points.orders"]

    everywhere = await found(
        api, **window, services=["identity", "profile", "points", "campaign", "gateway"]
    )
    assert {inside, other} <= set(await members_of(api, everywhere))
    assert everywhere["total"] > 40

    present = await found(api, **{**window, "rows": "present"}, tables=["identity.member"])
    names = set(await members_of(api, present))
    assert {before, inside, other} <= names and after not in names
    assert present["members"] == len(names)


async def test_fields_narrow_it_and_the_notices_name_them(api: Api) -> None:
    since = await now(api)
    with_phone, _ = await join(api, birthday="1990-04-01")
    body = registration({"kind": "card_no", "value": f"c{unique()}"})
    without = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    until = await now(api)
    window = {"since": since.isoformat(), "until": until.isoformat(), "rows": "written"}
    incident = await found(api, **window, tables=["identity.identifier"], fields=["phone"])
    assert set(await members_of(api, incident)) == {with_phone}
    by_birthday = await found(api, **window, tables=["identity.member"], fields=["birthday"])
    assert set(await members_of(api, by_birthday)) == {with_phone}
    by_name = await found(api, **window, tables=["identity.member"], fields=["name"])
    assert set(await members_of(api, by_name)) == {with_phone, without}

    notices = incident["notices"]
    assert (
        "手机号码" in notices["authority"]["zh"] and "涉及人数：1 人" in notices["authority"]["zh"]
    )
    assert "phone number" in notices["members"]["en"] and "intrusion" in notices["members"]["en"]
    assert "撤销相关访问权限" in notices["members"]["zh"]
    texts = [text for words in notices.values() for text in words.values()]
    assert not any(re.search(r"\b1[3-9]\d{9}\b|hy\d\.", text) for text in texts)


async def test_what_a_stolen_credential_read_is_found_by_the_audit(api: Api) -> None:
    seen, _ = await join(api)
    await join(api)
    since = await now(api)
    purpose = {"Purpose": "service", "Ticket": f"T-{unique()}"}
    await api.ok("GET", f"/v1/members/{seen}", role="service_agent", headers=purpose)
    until = await now(api) + timedelta(seconds=1)
    incident = await found(
        api, since=since.isoformat(), until=until.isoformat(), cause="stolen_credential",
        credentials=["dev-service_agent"],
    )  # fmt: skip
    assert set(await members_of(api, incident)) == {seen}


async def test_what_is_sealed_under_a_version_of_a_key_is_found(api: Api) -> None:
    since = await now(api)
    (old, _), (new, _) = await join(api), await join(api)
    wish = {"scope": "member", "member_id": new}
    rotation = await api.ok("POST", "/v1/keys/rotate", wish, role="admin")

    async def sealed_anew() -> bool:
        path = f"/v1/keys/rotations/{rotation['rotation_id']}"
        return bool((await api.ok("GET", path, role="admin"))["state"] != "running")

    await eventually(sealed_anew, timeout=30, says="the walk does not end")
    until = await now(api)
    window = {"since": since.isoformat(), "until": until.isoformat(), "rows": "written"}
    for key, version, whose in (
        ("member", 1, {old}), ("member", 2, {new}), ("member", 11, set()), ("programme", 1, set()),
    ):  # fmt: skip
        incident = await found(api, **window, keys=[{"key": key, "version": version}])
        assert set(await members_of(api, incident)) == whose, (key, version)
        assert {"identity.member", "identity.identifier"} <= {
            each["of"] for each in incident["by_table"]
        }
    names = {"fields": ["phone"], "keys": [{"key": "member", "version": 2}]}
    phones = await found(api, **window, **names)
    assert set(await members_of(api, phones)) == {new}
    assert "手机号码" in phones["notices"]["members"]["zh"]
    for key in ("wrapping", "root"):
        everybody = await found(api, **window, keys=[{"key": key, "version": 1}])
        assert {old, new} <= set(await members_of(api, everybody))
        assert [each["of"] for each in everybody["by_table"]] == ["gateway.wrapping_key"]
        assert "姓名" in everybody["notices"]["members"]["zh"]


async def test_who_opens_and_reads_is_audited_and_others_may_not(api: Api) -> None:
    moment = (await now(api)).isoformat()
    incident = await found(api, since=moment, until=moment, tables=["campaign.delivery"])
    await members_of(api, incident)
    ticket = incident["incident_id"]
    entries = (await api.ok("GET", "/v1/audit?limit=20", role="compliance"))["data"]
    assert {each["action"] for each in entries if each["ticket"] == ticket} == {
        "incident", "export",
    }  # fmt: skip
    refused = [
        await api.call("GET", f"/v1/incidents/{ticket}", role=role)
        for role in ("operator", "service_agent", "analyst", "pos")
    ]
    assert {each.status_code for each in refused} == {403}


async def test_an_incident_says_what_it_is_about(api: Api) -> None:
    def problem(answer: httpx.Response) -> int:
        assert "13912345678" not in answer.text
        return answer.status_code

    moment = (await now(api)).isoformat()
    window = {**LEAK, "since": moment, "until": moment}
    for wrong in (
        window,
        {**window, "tables": ["identity.alembic_version"]},
        {**window, "tables": ["13912345678"]},
        {**window, "services": ["nobody"]},
        {**window, "until": "2000-01-01T00:00:00Z", "services": ["points"]},
    ):
        answer = await api.call("POST", "/v1/incidents", wrong, role="compliance")
        assert problem(answer) == 422, wrong


async def test_nothing_is_overdue_and_the_register_says_all(api: Api) -> None:
    retention = await api.ok("GET", "/v1/retention", role="compliance")
    assert retention["overdue"] == 0
    assert all(each["overdue"] == 0 for each in retention["data"]), retention["data"]
    register = await api.ok("GET", "/v1/processing-register", role="compliance")
    by_name = {each["activity"]: each for each in register["data"]}
    assert {"name", "phone", "address", "birthday"} <= set(by_name["membership"]["kinds"])
    assert by_name["marketing"]["consent_purposes"] == ["marketing"]
    for activity in register["data"]:
        for words in ("name", "legal_basis", "recipients", "retention"):
            assert activity[words]["zh"] and activity[words]["en"]
