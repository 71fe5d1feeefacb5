"""`huiyuan bench import`: a register of members from CSV through the whole platform.

Every service runs. Beside it: what the same rows cost to seal and derive match keys of, on one
core, with nothing else; that work cannot be left out, so no import is faster than that a core.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.importing import Importing, Wish
from allinone.platform import Platform
from allinone.servers import External
from gateway_service.cleaning.domain import clean
from gateway_service.imports.fields import recognised
from gateway_service.imports.reading import Reader, form_of, values_of
from gateway_service.imports.rows import Unit, member
from testkit.vaults import derived_vault
from tests.load.figures import Row, show, used

ROWS = int(os.environ.get("BENCH_ROWS", "20000"))
FLOOR_ROWS = 3_000
MILLION = 1_000_000
NAMES = ("gateway", "identity", "profile", "points", "campaign", "postgres", "nats")
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑", "伟芳娜敏静秀丽强磊军洋勇艳杰涛明超"


def write(file: Path, rows: int) -> None:
    """A register as a CRM exports it: card, name, phone, gender, birthday, address."""
    with file.open("w", encoding="gb18030", newline="") as out:
        out.write("会员卡号,姓名,手机号,性别,生日,详细地址\r\n")
        for n in range(rows):
            name = SURNAMES[n % 20] + GIVEN[n // 20 % 17] + GIVEN[n // 340 % 17]
            day = f"19{50 + n % 50}/{n % 12 + 1}/{n % 28 + 1}"
            out.write(
                f"C{n:08},{name},138{n:08},{'男女'[n % 2]},{day},浙江省杭州市西湖区文三路{n}号\r\n"
            )


def floor(file: Path) -> float:
    """Microseconds of a core that cleaning, sealing and match keys of a row take."""
    body = file.read_bytes()
    records = Reader(form_of(body)).feed(body, last=True)[: FLOOR_ROWS + 1]
    fields, vault = recognised("members", records[0], {}), derived_vault()
    begun = time.process_time()
    for n, record in enumerate(records[1:], 2):
        made = clean(member(Unit(n, [values_of(record, fields, {})]))).values
        known = {each["kind"]: each["value"] for each in made["identifiers"]} | made
        known.pop("identifiers")
        vault.matcher.derive(known)
        for kind in ("phone", "card_no"):
            vault.identifier(kind, known[kind])
    return (time.process_time() - begun) / FLOOR_ROWS * 1e6


def main(json_file: Path | None) -> int:
    """Boot, import, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder)))
    return show("import", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    file = folder / "members.csv"
    write(file, ROWS)
    needed = floor(file)
    async with Platform(folder / "home", dev=True, external=External()) as platform:

        async def token() -> str:
            return await platform.token("data_operator")

        async with platform.client(timeout=60) as http:
            http.headers["Authorization"] = f"Bearer {await token()}"
            before, begun = used(platform, NAMES), time.perf_counter()
            job = await Importing(http, token).run(Wish(file, "members", "bench"), _say)
            seconds = time.perf_counter() - begun
            assert job["imported"] == ROWS, job
            admin = {"Authorization": f"Bearer {await platform.token('admin')}"}
            await http.get("/dev/settled", headers=admin, timeout=600)
            followed = time.perf_counter() - begun
            after = used(platform, NAMES)
    cpu = {name: (after[name] - before[name]) / ROWS * 1e6 for name in NAMES}
    return [
        Row("rows_per_second", ROWS / seconds, "sealing_rows_per_second_a_core", 1e6 / needed,
            "8,334", "import_of_sealing"),
        Row("seconds_for_a_million", MILLION / ROWS * seconds, target="≤ 120"),
        Row("followed_rows_per_second", ROWS / followed),
        Row("cpu_us_a_row", sum(cpu.values()), "sealing_cpu_us_a_row", needed),
        *(Row(f"{name}_cpu_us_a_row", cpu[name]) for name in NAMES),
    ]  # fmt: skip


def _say(job: Mapping[str, Any]) -> None:
    print(f"  {job['rows_done']:,} of {job['rows'] or '…'} rows", file=sys.stderr)
