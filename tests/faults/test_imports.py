"""Files through the whole platform, and through SIGKILLs of the gateway and of identity: what was
promised is there, once."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from allinone import importing
from allinone.demo.client import Api
from allinone.importing import Importing, Wish
from allinone.platform import Platform
from testkit import eventually
from testkit.never_wrong import Tally
from tests.faults.test_kills import running

ROWS, BAD, AGAIN = 2_000, 2, 400
KILLS = (("gateway", 500), ("identity", 1_000))
ONCE = "rows of a file taken in once through kills"


def members(folder: Path, rows: int) -> Wish:
    """Members, some of whom are nobody, as an older system exports them."""
    lines = ["会员卡号,姓名,手机号,性别,生日,详细地址"]
    for n in range(rows):
        phone = "no number" if n % (ROWS // BAD) == 7 else f"138{n:08}"
        lines.append(f"C{n:08},王小明{n},{phone},男,1990/1/{n % 28 + 1},浙江省杭州市文三路{n}号")
    return written(folder / "members.csv", "members", lines)


def written(file: Path, kind: str, lines: list[str]) -> Wish:
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    return Wish(file, kind, "old-system")


async def test_a_file_goes_in_once_through_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PART_BYTES", 200_000)
    monkeypatch.setattr(importing, "POLL", 0.05)
    with Tally() as tally:
        async with running() as (platform, api):

            async def token() -> str:
                return await platform.token("data_operator")

            async with platform.client(timeout=15) as http:
                http.headers["Authorization"] = f"Bearer {await token()}"
                taking = Importing(http, token)
                done = await _through_kills(platform, taking, members(tmp_path, ROWS))
                assert (done["rows"], done["quarantined"]) == (ROWS, BAD)
                there = await _members(platform)
                tally.add(ONCE, ROWS, abs(there - (ROWS - BAD)) + abs(done["imported"] - there))
                known = await taking.run(members(tmp_path, AGAIN), lambda _: None)
                assert (known["known"], known["imported"]) == (AGAIN - 1, 0)
                tally.add(ONCE, ROWS, abs(await _members(platform) - there))
                await _others(taking, api, tmp_path)


async def _through_kills(platform: Platform, taking: Importing, wish: Wish) -> dict[str, Any]:
    progress = asyncio.Event()
    seen: dict[str, Any] = {"rows_done": 0}

    def tell(job: Mapping[str, Any]) -> None:
        seen.update(job)
        progress.set()

    async def kill() -> None:
        for victim, rows in KILLS:
            await eventually(lambda: seen["rows_done"] >= rows, timeout=120)  # noqa: B023
            starts = platform.starts(victim) + 1
            platform.kill(victim)
            await eventually(lambda: platform.starts(victim) >= starts, timeout=60)  # noqa: B023

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        done = group.create_task(taking.run(wish, tell))
    return done.result()


async def _members(platform: Platform) -> int:
    connection = await asyncpg.connect(platform.admin_dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM identity.member"))
    finally:
        await connection.close()


async def _others(taking: Importing, api: Api, folder: Path) -> None:
    """Orders, a refund, stock, and what a third party knows of one of them who agreed."""
    card = "C00000001"
    who = {"kind": "card_no", "value": card}
    member = (await api.post("/v1/members/lookup", who, "operator"))["member_id"]
    yes = {"consents": [{"purpose": "third_party_sharing", "granted": True}]}
    body = msgspec.json.encode(yes)
    await api.send("PUT", f"/v1/members/{member}/consents", body, role="pos")
    await api.post("/v1/stores/batch", {"stores": [{"store_id": "s-1", "name": "W"}]}, "operator")
    goods = {"products": [{"sku": "milk", "name": "Milk"}, {"sku": "tea", "name": "Tea"}]}
    await api.post("/v1/products/batch", goods, "operator")
    await api.get("/dev/settled")
    files = {
        "stock": ["商品编码,库存数量", "milk,7", "tea,0"],
        "orders": [
            "小票号,门店编码,销售时间,商品条码,销售数量,金额,会员卡号",
            f"o-1,s-1,2026-01-05 09:30,milk,2,20.00,{card}",
            f"o-1,s-1,2026-01-05 09:30,tea,1,30.00,{card}",
            f"o-2,s-1,2026-01-06 09:30,tea,1,30.00,{card}",
            "o-3,s-1,2026-01-06 09:30,tea,1,-30.00,C00000002",
        ],
        "refunds": ["退款单号,订单编号,退款金额", "r-1,o-2,30.00", "r-2,o-9,1"],
        "enrichment": [
            "会员卡号,消费能力,兴趣,置信度", f"{card},高,网球、茶,0.9", "C00000002,低,,0.5",
        ],
    }  # fmt: skip
    done = {
        kind: await taking.run(written(folder / f"{kind}.csv", kind, lines), lambda _: None)
        for kind, lines in files.items()
    }
    names = ("imported", "quarantined", "dropped")
    kept = [item["reason"] for item in (await api.get("/v1/quarantine", "operator"))["data"]]
    assert {kind: tuple(job[name] for name in names) for kind, job in done.items()} == {
        "stock": (2, 0, 0), "orders": (2, 1, 0), "refunds": (1, 1, 0), "enrichment": (1, 0, 1),
    }, kept  # fmt: skip
    await api.get("/dev/settled")
    profile = await api.get(f"/v1/members/{member}/profile", "operator")
    assert profile["purchases"]["orders"] == 2
    assert profile["purchases"]["refunded"]["amount"] == 3000
    assert profile["traits"] == {"spending_power": "high", "interests": ["网球", "茶"]}
    assert {each["source"] for each in profile["trait_origins"]} == {"old-system"}
