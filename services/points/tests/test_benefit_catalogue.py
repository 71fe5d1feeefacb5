"""The catalogue of benefits, and the pure rules of periods and applications."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_benefits import CITY, problem

from chassis.clock import midnight
from points_service.benefits.applications import (
    FLOW,
    OPEN,
    Action,
    Application,
    Bought,
    Status,
    act,
    objection,
)
from points_service.benefits.domain import Period, Terms


@given(st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_in_its_period(moment: datetime) -> None:
    for period in Period:
        begin = period.begin(moment)
        assert midnight(begin) <= moment < period.end(begin)
        assert period.begin(period.end(begin)) > begin


@given(
    st.sampled_from([frozenset[str](), frozenset({CITY})]),
    st.sampled_from([None, CITY, "110100"]),
    st.sampled_from([0, 10_000]),
    st.sampled_from([None, "o1"]),
    st.sampled_from([None, Bought(False, 20_000), Bought(True, 9_999), Bought(True, 10_000)]),
)
def test_what_can_be_applied_for(
    areas: frozenset[str], area: str | None, least: int, order_no: str | None, bought: Bought | None
) -> None:
    terms = Terms(24, areas, least)
    fine = objection(terms, area, order_no, bought) is None
    in_area = not areas or area in areas
    if order_no is None:
        assert fine == (in_area and not least)
    else:
        assert fine == (in_area and bought is not None and bought.own and bought.fen >= least)


@given(st.lists(st.sampled_from(Action), max_size=6))
def test_an_application_ends_once(actions: list[Action]) -> None:
    application = Application(
        UUID(int=1), UUID(int=2), UUID(int=3), "b", None, None, None, Status.APPLIED, None,
        NOON, NOON + timedelta(days=1), NOON, "x",
    )  # fmt: skip
    for action in actions:
        after = act(application, action, None, NOON, "y")
        assert (after is not None) == (application.status in FLOW[action][0])
        if after is not None:
            assert application.status in OPEN
            application = after
    assert not application.overdue(NOON)
    late = application.overdue(NOON + timedelta(days=2))
    assert late == (application.status in OPEN)


NEW = {
    "benefit_id": "lounge",
    "kind": "experience",
    "name": {"zh": "贵宾休息室", "en": "Lounge"},
    "description": {"zh": "每月可进入四次", "en": "Four visits a month"},
    "value": {"amount": 3000},
    "earned_in": [],
    "used_in": ["mall"],
}


async def test_the_catalogue_is_configuration(shop: Shop) -> None:
    answer = await shop.client.post("/v1/benefits", json=NEW)
    assert answer.status_code == 201, answer.text
    assert answer.json()["version"] == 1
    assert problem(await shop.client.post("/v1/benefits", json=NEW))[:2] == (409, "benefit_exists")
    change = {name: value for name, value in NEW.items() if name != "benefit_id"}
    changed = await shop.client.put("/v1/benefits/lounge", json=change | {"value": {"amount": 1}})
    assert (changed.json()["version"], changed.json()["value"]["amount"]) == (2, 1)
    assert (await shop.get("/v1/benefits/lounge")) == changed.json()
    assert (await shop.client.get("/v1/benefits/nothing")).status_code == 404
    assert (await shop.client.put("/v1/benefits/nothing", json=change)).status_code == 404
    ids = [each["benefit_id"] for each in (await shop.get("/v1/benefits"))["data"]]
    assert ids == sorted(ids) and len(ids) == 10
    kinds = {each["kind"] for each in (await shop.get("/v1/benefits"))["data"]}
    assert kinds == {"price", "service", "experience", "emotional", "social", "privilege"}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"kind": "price"}, "/value/amount", "counted_twice"),
        ({"value": {"amount": 1, "currency": "EUR"}}, "/value/currency", "unknown_currency"),
        (
            {"coupon": {"on": "birthday", "template_id": str(uuid4())}},
            "/coupon/template_id", "unknown_template",
        ),
        ({"application": {"hours": 24, "areas": ["city"]}}, "/application/areas/0", None),
        ({"period": "week"}, "/period", None),
    ],
)  # fmt: skip
async def test_wrong_benefits_are_refused(
    shop: Shop, change: dict[str, Any], pointer: str, code: str | None
) -> None:
    answer = await shop.client.post("/v1/benefits", json=NEW | change)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer and code in (None, error["code"])


async def test_a_benefit_cannot_bring_tiers_of_a_mall_together(shop: Shop) -> None:
    told = await shop.get("/v1/benefits/fast_checkout")
    change = {
        name: value
        for name, value in told.items()
        if name not in ("benefit_id", "version", "changed_at")
    }
    # 200 yuan a month on gold and on platinum: 3,305 and 4,585 a year, but 4,627 would be 40 %.
    dear = change | {"value": {"amount": 20_000}}
    answer = await shop.client.put("/v1/benefits/fast_checkout", json=dear)
    assert problem(answer) == (422, "tiers_too_close", "/value")
    assert answer.json()["detail"] == "4200 fen a year are missing"
    assert (await shop.get("/v1/benefits/fast_checkout")) == told
    assert (await shop.client.put("/v1/benefits/fast_checkout", json=change)).status_code == 200
