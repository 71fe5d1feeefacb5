"""The books as auditors and members read them."""

from datetime import timedelta
from uuid import uuid4

from services.points.tests.conftest import NOON, Shop


async def test_a_statement_adds_up(shop: Shop) -> None:
    somebody = uuid4()
    await shop.buy(somebody, 300)
    await shop.redeem(somebody, 100)
    shop.move(NOON + timedelta(days=1))
    await shop.buy(somebody, 50)
    back = await shop.refund(shop.numbers[0], "r1", 15_000)
    assert back.status_code == 200, back.text

    whole = await shop.get(f"/v1/members/{somebody}/points/statement")
    assert (whole["opening"], whole["closing"]) == (0, 300 - 100 + 50 - 150)
    assert whole["by_kind"] == {"burn": -100, "earn": 350, "refund": -150}
    assert [line["balance"] for line in whole["lines"]] == [300, 200, 250, 100]

    cut = (NOON + timedelta(hours=1)).isoformat().replace("+", "%2B")
    early = await shop.get(f"/v1/members/{somebody}/points/statement?end={cut}")
    late = await shop.get(f"/v1/members/{somebody}/points/statement?start={cut}")
    assert early["closing"] == late["opening"] == 200
    assert early["lines"] + late["lines"] == whole["lines"]

    wrong = await shop.client.get(f"/v1/members/{somebody}/points/statement?start=2017-01-01T00:00")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_zone")


async def test_liability_is_what_members_have_by_issuer_and_age(shop: Shop) -> None:
    somebody, other = uuid4(), uuid4()
    await shop.buy(somebody, 300)
    await shop.buy(other, 200, store="s2")
    shop.move(NOON + timedelta(days=100))
    await shop.buy(somebody, 100)
    await shop.redeem(somebody, 200)

    gift = {"to_member_id": str(somebody), "points": 100}
    given = await shop.client.post(f"/v1/members/{other}/transfers", json=gift)
    assert given.status_code == 200, given.text

    found = await shop.get("/v1/ledger/liability")
    assert found["points"] == 400
    assert found["value"] == {"amount": 400, "currency": "CNY"}  # fen: 100 points are one yuan
    parts = {(each["issuer"], each["age"]): each["points"] for each in found["parts"]}
    assert parts == {("s1", "0-90"): 100, ("s1", "91-180"): 100, ("s2", "91-180"): 200}
    assert found["breakage"] is None
    assert {each["experience"] for each in found["rates"]} == {0}


async def test_breakage_is_what_experience_says(shop: Shop) -> None:
    somebody, other = uuid4(), uuid4()
    await shop.buy(somebody, 300)
    await shop.redeem(somebody, 100)  # a third is spent young, the rest is left to expire
    await shop.tick()
    shop.move(NOON + timedelta(days=370))
    await shop.tick()
    await shop.buy(other, 600)

    found = await shop.get("/v1/ledger/liability")
    rates = {each["age"]: (each["experience"], each["rate"]) for each in found["rates"]}
    assert rates["0-90"] == (300, 200 / 300)
    assert rates["91-180"] == (200, 1.0)
    assert rates["over-365"] == (0, None)
    assert [(each["points"], each["breakage"]) for each in found["parts"]] == [(600, 400)]
    assert found["breakage"] == 400


async def test_the_trial_balance_keeps_units_apart(shop: Shop) -> None:
    await shop.buy(uuid4(), 300)
    found = await shop.get("/v1/ledger/trial-balance")
    assert (found["debit"], found["credit"], found["difference"]) == (300, 300, 0)
    assert {each["unit"]: each["difference"] for each in found["units"]} == {"points": 0, "fen": 0}
    assert {(each["kind"], each["unit"]) for each in found["accounts"]} == {
        ("issuing", "points"),
        ("member", "points"),
    }
