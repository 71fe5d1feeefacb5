"""What somebody only says: it merges nobody, hides nothing, and yields to whoever can show it."""

from base64 import b64encode
from typing import Any

import pytest
from services.identity.tests.samples import activity, batch, hear, index, member_id, token
from services.identity.tests.test_likeness import MATCHER, ONE, OTHER
from services.identity.tests.test_members import join
from services.identity.tests.test_merging import CARD, OPENID, PHONE, link, merge

from contracts.roles import Role
from identity_service.likeness import use_cases as likeness
from testkit.apps import RunningApp

DEVICE = ("device_id", "d")


async def tell(app: RunningApp, *identifiers: tuple[str, str], trusted: bool, **more: Any) -> None:
    await hear(app, batch([activity(*identifiers, **more)], trusted=trusted))


async def owner(app: RunningApp, identifier: tuple[str, str]) -> str | None:
    asked = {"indexes": [index(*identifier)]}
    found = (await app.client.post("/internal/resolve", json=asked)).json()["members"]
    owned: str | None = found.get(index(*identifier))
    return owned


async def merges(app: RunningApp) -> int:
    found: int = (await app.client.get("/v1/members/stats")).json()["merges"]
    return found


async def reviews(app: RunningApp) -> list[Any]:
    found: list[Any] = (await app.client.get("/v1/merge-reviews")).json()["data"]
    return found


def keys(record: dict[str, str]) -> dict[str, str]:
    return {"match_keys": b64encode(MATCHER.derive(record)).decode()}


async def test_a_public_key_merges_nobody_and_people_are_asked(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    for _ in range(2):
        await tell(identity, PHONE, CARD, OPENID, trusted=False)
        await tell(identity, CARD, trusted=False, member_id=member_id(1))
    assert (await merges(identity), await owner(identity, OPENID)) == (0, None)
    (review,) = await reviews(identity)
    assert (review["survivor_id"], review["absorbed_id"]) == (str(member_id(1)), str(member_id(2)))
    (said,) = review["evidence"]
    assert (said["compared"], said["feature"], said["bits"]) == ("claim", "web", 0.0)
    path = f"/v1/merge-reviews/{review['review_id']}/decide"
    await identity.client.post(path, json={"decision": "apart"})
    await tell(identity, PHONE, CARD, trusted=False)
    assert await reviews(identity) == []
    await tell(identity, PHONE, CARD, trusted=True)
    assert await merges(identity) == 1


async def test_what_was_split_is_not_proposed_by_hearsay(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    done = (await merge(identity, 1, 2)).json()
    await identity.client.post(f"/v1/merges/{done['merge_id']}/split")
    await tell(identity, PHONE, CARD, trusted=False)
    assert await reviews(identity) == []


async def test_hearsay_fills_no_queue(
    identity: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "CLAIMS", 2)
    cards = [("card_no", str(number)) for number in range(5)]
    for number, card in enumerate(cards):
        await join(identity, number + 1, card)
    for card in cards[1:]:
        await tell(identity, cards[0], card, trusted=False)
    assert len(await reviews(identity)) == 2


async def test_a_device_that_an_app_named_tells_a_stranger_nothing(identity: RunningApp) -> None:
    """Whose phone it is cannot be learnt by what becomes of a device that was sent with it."""
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    taken, free = ("device_id", "with-phone"), ("device_id", "with-nothing")
    await tell(identity, PHONE, taken, trusted=False)
    await tell(identity, ("phone", "nobody's"), free, trusted=False)
    assert await owner(identity, taken) == str(member_id(1))
    answers = [await link(identity, 2, device, Role.MEMBER) for device in (taken, free)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await owner(identity, taken) == str(member_id(2))
    await tell(identity, PHONE, taken, trusted=False)
    assert (await link(identity, 1, taken, Role.MEMBER)).status_code == 409


async def test_who_said_first_that_it_is_theirs_does_not_keep_it(identity: RunningApp) -> None:
    """Somebody links another one's card and account before the owner comes."""
    await join(identity, 1, PHONE)
    account = ("ecommerce_account", "a")
    for early in (CARD, OPENID, account):
        assert (await link(identity, 1, early, Role.MEMBER)).status_code == 201
    await join(identity, 2, CARD)
    assert await owner(identity, CARD) == str(member_id(2))
    await tell(identity, CARD, OPENID, trusted=True)
    assert (await link(identity, 2, account)).json()["outcome"] == "linked"
    for mine in (OPENID, account):
        assert await owner(identity, mine) == str(member_id(2))
    assert await merges(identity) == 0
    page = (await identity.client.get(f"/v1/members/{member_id(1)}/identifiers")).json()
    assert [each["kind"] for each in page["data"]] == ["phone"]


async def test_a_phone_that_was_handed_on_merges_no_strangers(identity: RunningApp) -> None:
    await join(identity, 1, PHONE, **keys(ONE))
    await join(identity, 2, CARD, **keys(OTHER | {"name": "周小红"}))
    await join(identity, 3, OPENID, **keys(ONE))
    refused = await link(identity, 2, PHONE)
    assert (refused.status_code, refused.json()["code"]) == (409, "identifier_taken")
    await tell(identity, PHONE, CARD, trusted=True)
    assert await merges(identity) == 0
    (review,) = await reviews(identity)
    assert [each["compared"] for each in review["evidence"]] == ["contradiction"]
    assert review["evidence"][0]["feature_zh"] == "手机号"
    await tell(identity, PHONE, OPENID, trusted=True)
    assert await merges(identity) == 1
    assert (await merge(identity, 1, 2)).status_code == 201, "people may know better"


async def test_a_retry_of_a_registration_is_one_though_somebody_claimed(
    identity: RunningApp,
) -> None:
    await join(identity, 1, PHONE)
    before = await join(identity, 2, CARD)
    assert (await link(identity, 1, CARD, Role.MEMBER)).status_code == 409
    assert await join(identity, 2, CARD) == before
    body = {"kind": CARD[0], "value": token(*CARD)}
    found = await identity.client.post("/v1/members/lookup", json=body)
    assert found.json() == {"member_id": str(member_id(2))}
