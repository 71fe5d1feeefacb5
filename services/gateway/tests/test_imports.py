"""Imports on a running gateway; the services behind it answer what a test says."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen
from services.gateway.tests.test_collect import batches

from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.imports import work
from gateway_service.imports.ways import DROPPED
from testkit import eventually

MEMBER = UUID(int=4)
HEAD = "会员卡号,姓名,手机号,性别,生日\n"
Start = Callable[..., Awaitable[Gateway]]


def file(*rows: str, head: str = HEAD) -> dict[str, Any]:
    text = head + "".join(f"{row}\n" for row in rows)
    return {
        "kind": "members", "source": "crm",
        "content": b64encode(text.encode("gb18030")).decode(),
    }  # fmt: skip


def registered(seen: Seen) -> tuple[int, Any]:
    found = [
        {"status": 201, "member_id": each["member_id"], "registered_at": "2017-01-01T00:00:00Z"}
        for each in seen.json["members"]
    ]
    return 200, {"results": found}


class Import:
    """Calls by a data operator."""

    def __init__(self, gateway: Gateway, inner: Inner) -> None:
        self.gateway, self.inner = gateway, inner
        inner.replies["POST /v1/members/batch"] = registered

    async def call(self, method: str, path: str, json: Any = None) -> Any:
        headers = await self.gateway.as_(Role.DATA_OPERATOR)
        return await self.gateway.http.request(method, path, json=json, headers=headers)

    async def ended(self, wish: dict[str, Any]) -> dict[str, Any]:
        answer = await self.call("POST", "/v1/imports", wish)
        assert answer.status_code == 202, answer.text
        return await self.end_of(answer.json()["job"]["job_id"])

    async def end_of(self, job_id: str) -> dict[str, Any]:
        job: dict[str, Any] = {}

        async def over() -> bool:
            job.update((await self.call("GET", f"/v1/jobs/{job_id}")).json())
            return job["state"] in ("done", "failed")

        await eventually(over, says="the job does not end")
        return job

    def sent(self, path: str) -> list[Seen]:
        return [each for each in self.inner.seen if each.path == path]

    async def kept(self) -> list[dict[str, Any]]:
        page = await self.call("GET", "/v1/quarantine")
        return list(page.json()["data"])


@pytest.fixture
def imports(gateway: Gateway, inner: Inner) -> Import:
    """Imports by a data operator."""
    return Import(gateway, inner)


async def test_a_preview_shows_outlines_and_problems_and_changes_nothing(imports: Import) -> None:
    wish = file("C0000001,王小明,13800138000,男,1990/1/5", "C0000002,李雷,123,猫,1990-02-30")
    answer = await imports.call("POST", "/v1/imports?dry_run=true", wish)
    assert answer.status_code == 200 and answer.json()["job"] is None
    shown = answer.json()["preview"]
    assert (shown["encoding"], shown["delimiter"], shown["bad_rows"]) == ("gb18030", ",", 1)
    first = shown["rows"][0]
    assert first.pop("birthday")[2] == "-" and first == {
        "card_no": "****0001", "name": "王**", "phone": "138****8000", "gender": "male",
    }  # fmt: skip
    assert "13800138000" not in answer.text and "王小明" not in answer.text
    problems = {each["field"]: each["problems"] for each in shown["columns"]}
    assert [each["first_row"] for each in problems["gender"]] == [3]
    async with imports.gateway.app.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM import_job") == 0


async def test_rows_go_in_and_bad_ones_wait_for_correction(imports: Import) -> None:
    wish = file(
        "C1,王小明,13800138000,男,1990/1/5", "C2,李雷,123,,", "C3,韩梅,13900139000,猫,", ",,,,",
        "C4,赵六,13700137000,女,19851231",
    )  # fmt: skip
    job = await imports.ended(wish)
    assert job["state"] == "done" and job["progress"] == 1 and job["rows"] == 4
    assert (job["imported"], job["quarantined"], job["rows_done"]) == (2, 2, 4)
    items = {item["pointer"]: item for item in await imports.kept()}
    assert set(items) == {"/rows/3/phone", "/rows/4/gender"}
    assert {item["source"] for item in items.values()} == {"import:members:crm"}
    async with imports.gateway.app.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM import_part") == 0
        assert "李雷" not in str(await tx.fetch("SELECT * FROM quarantine"))
    (batch,) = imports.sent("/v1/members/batch")
    assert len(batch.json["members"]) == 2 and "王小明" not in batch.body.decode()
    path = f"/v1/quarantine/{items['/rows/3/phone']['id']}/replay"
    assert (await imports.call("POST", path, {})).status_code == 422
    right = {"message": {"lines": [{"card_no": "C2", "phone": "13600136000"}]}}
    assert (await imports.call("POST", path, right)).status_code == 200
    assert len(imports.sent("/v1/members/batch")[-1].json["members"]) == 1


async def test_the_same_file_is_the_same_job(imports: Import) -> None:
    wish = file("C1,王小明,13800138000,男,1990/1/5")
    job = await imports.ended(wish)
    calls = len(imports.sent("/v1/members/batch"))
    again = await imports.ended(wish)
    assert again == job and len(imports.sent("/v1/members/batch")) == calls
    other = await imports.ended({**wish, "source": "other"})
    assert other["job_id"] != job["job_id"]


async def test_who_is_a_member_already_is_known_and_who_is_two_is_doubtful(imports: Import) -> None:
    taken = {"type": "x", "title": "taken", "status": 409, "code": "identifier_taken"}
    imports.inner.replies["POST /v1/members/batch"] = lambda seen: (
        200, {"results": [{"status": 409, "problem": taken} for _ in seen.json["members"]]}
    )  # fmt: skip
    vault = imports.gateway.parts.vault
    values = [(Kind.PHONE, "13800138000"), (Kind.CARD_NO, "C1"), (Kind.PHONE, "13900139000")]
    owners = {vault.index(*each): str(MEMBER) for each in values}
    owners[vault.index(Kind.CARD_NO, "C2")] = str(UUID(int=5))
    imports.inner.replies["POST /internal/resolve"] = 200, {"members": owners}
    job = await imports.ended(file("C1,王,13800138000,,", "C2,李,13900139000,,"))
    assert (job["known"], job["quarantined"], job["imported"]) == (1, 1, 0)


async def test_a_large_file_comes_in_parts_and_goes_on_where_it_was_cut(
    imports: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "ROWS_AT_ONCE", 7)
    body = (HEAD + "".join(f"C{n},王,1380013{n:04},男,\n" for n in range(40))).encode()
    cut = [body[:333], body[333:900], body[900:]]
    wish = {
        "kind": "members", "source": "crm", "parts": 3, "sha256": sha256(body).hexdigest(),
        "content": b64encode(cut[0]).decode(),
    }  # fmt: skip
    imports.inner.replies["POST /v1/members/batch"] = 503, {"code": "away"}
    first = (await imports.call("POST", "/v1/imports", wish)).json()["job"]
    assert first["state"] == "receiving" and first["missing_parts"] == [1, 2]
    path = f"/v1/imports/{first['job_id']}/parts"
    for n in (2, 2, 1):
        sent = {"part": n, "content": b64encode(cut[n]).decode()}
        assert (await imports.call("POST", path, sent)).status_code == 200
    again = (await imports.call("POST", "/v1/imports", wish)).json()["job"]
    assert again["job_id"] == first["job_id"] and again["missing_parts"] == []
    await eventually(lambda: len(imports.sent("/v1/members/batch")) > 3, says="never tried again")
    imports.inner.replies["POST /v1/members/batch"] = registered
    job = await imports.end_of(first["job_id"])
    assert (job["imported"], job["rows"], job["state"]) == (40, 40, "done")
    ids = {m["member_id"] for s in imports.sent("/v1/members/batch") for m in s.json["members"]}
    assert len(ids) == 40, "what was sent again met itself"


async def test_a_file_that_is_another_fails_and_is_gone(imports: Import) -> None:
    wish = file("C1,王,13800138000,,")
    wish |= {"parts": 2, "sha256": "0" * 64}
    job_id = (await imports.call("POST", "/v1/imports", wish)).json()["job"]["job_id"]
    await imports.call("POST", f"/v1/imports/{job_id}/parts", {"part": 1, "content": ""})
    job = await imports.end_of(job_id)
    assert job["state"] == "failed" and "meant" in job["error"]
    async with imports.gateway.app.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM import_part") == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [({"mapping": {"姓名": "nickname"}}, "unknown_field"), ({"kind": "stock"}, "columns_missing"),
     ({"content": b64encode(HEAD.encode()).decode()}, "no_rows"),
     ({"content": b64encode(b"13800138000,x\n13900139000,y\n").decode()}, "no_headings"),
     ({"parts": 2}, "sha256_needed"), ({"sha256": "0" * 64}, "damaged"),
     ({"defaults": {"phone": "1"}}, "personal_default"), ({"source": "a b"}, "invalid")],
)  # fmt: skip
async def test_what_is_no_import(imports: Import, change: dict[str, Any], code: str) -> None:
    wish = {**file("C1,王,13800138000,,"), **change}
    answer = await imports.call("POST", "/v1/imports", wish)
    assert answer.status_code == 422 and code in answer.json()["code"], answer.text
    assert "13800138000" not in answer.text and "王" not in answer.text


async def test_orders_refunds_and_stock_go_the_way_of_tills(imports: Import) -> None:
    vault = imports.gateway.parts.vault
    owner = {vault.index(Kind.CARD_NO, "C0000001"): str(MEMBER)}
    imports.inner.replies["POST /internal/resolve"] = 200, {"members": owner}

    def booked(seen: Seen) -> tuple[int, Any]:
        return 200, {
            "data": [{"order_no": o["order_no"], "status": 200} for o in seen.json["orders"]]
        }

    imports.inner.replies["POST /v1/orders/batch"] = booked
    orders = file(
        "o-1,s-1,2026-01-05 09:30,a,2,3.00,C0000001", "o-1,s-1,2026-01-05 09:30,b,1,4.5,C0000001",
        "o-2,s-1,2026-01-05 09:31,a,1,1,nobody-1", "o-3,s-1,2026-01-05 09:32,a,1,-1,C0000001",
        head="小票号,门店编码,销售时间,商品条码,销售数量,金额（元）,会员卡号\n",
    ) | {"kind": "orders", "source": "pos"}  # fmt: skip
    job = await imports.ended(orders)
    assert (job["rows"], job["imported"], job["quarantined"]) == (4, 1, 2)
    (sent,) = imports.sent("/v1/orders/batch")
    (order,) = sent.json["orders"]
    assert order["paid"]["amount"] == 750 and order["member_id"] == str(MEMBER)
    assert {item["pointer"] for item in await imports.kept()} == {
        "/rows/4/identifier", "/rows/5/line_amount",
    }  # fmt: skip
    refused = {"title": "No such order", "code": "unknown_order"}
    imports.inner.replies["POST /v1/orders/o-9/refunds"] = 404, refused
    refunds = file("r-1,o-1,3.00", "r-2,o-9,1", head="退款单号,订单编号,退款金额\n")
    job = await imports.ended(refunds | {"kind": "refunds", "source": "pos"})
    assert (job["imported"], job["quarantined"]) == (1, 1)
    assert imports.sent("/v1/orders/o-1/refunds")[0].json["amount"]["amount"] == 300
    stock = file("a,3", "b,x", head="商品编码,可用库存\n") | {"kind": "stock", "source": "erp"}
    job = await imports.ended(stock)
    assert (job["imported"], job["quarantined"]) == (1, 1)
    assert imports.sent("/v1/stock")[0].json == {"stock": [{"sku": "a", "on_hand": 3}]}


async def test_third_parties_tell_of_those_who_agreed(imports: Import, nats_url: str) -> None:
    gateway = imports.gateway
    other = UUID(int=6)
    owner = {
        gateway.parts.vault.index(Kind.PHONE, "13800138000"): str(MEMBER),
        gateway.parts.vault.index(Kind.PHONE, "13900139000"): str(other),
    }
    imports.inner.replies["POST /internal/resolve"] = 200, {"members": owner}
    yes = {"consents": [{"purpose": "third_party_sharing", "granted": True}]}
    told = await gateway.http.put(
        f"/v1/members/{MEMBER}/consents", json=yes,
        headers=await gateway.as_(Role.MEMBER, MEMBER),
    )  # fmt: skip
    assert told.status_code == 200
    before = DROPPED.labels("no_consent")._value.get()
    wish = file(
        "13800138000,高,网球、瑜伽,0.9,2099-01-01", "13900139000,低,,0.5,", "13700137000,低,,,",
        head="手机,消费能力,兴趣,置信度,有效期至\n",
    ) | {"kind": "enrichment", "source": "provider-x"}  # fmt: skip
    job = await imports.ended(wish)
    assert (job["imported"], job["dropped"], job["quarantined"]) == (1, 2, 0)
    assert DROPPED.labels("no_consent")._value.get() - before == 1
    (batch,) = await batches(nats_url)
    (activity,) = batch.activities
    assert activity.member_id == MEMBER and activity.identifiers == []
    assert activity.traits == {"spending_power": "high", "interests": ["网球", "瑜伽"]}
    assert activity.provenance is not None and activity.provenance.source == "provider-x"
    assert activity.provenance.confidence == 0.9
    assert b"13800138000" not in msgspec.json.encode(batch)
