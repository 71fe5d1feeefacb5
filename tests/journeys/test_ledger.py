"""An auditor checks the books of the running platform, and a member its receipt, without it."""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
import pytest

from allinone.servers import Servers, running_in
from tests.journeys.conftest import Api, order, phone, registration

pytestmark = pytest.mark.usefixtures("shop")
HUIYUAN = str(Path(sys.executable).with_name("huiyuan"))


async def _huiyuan(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        HUIYUAN, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


async def _purchase(api: Api) -> str:
    """A member who has bought something for 123 yuan; its id."""
    mobile = {"kind": "phone", "value": phone()}
    member = (await api.ok("POST", "/v1/members", registration(mobile), role="pos"))["member_id"]
    await api.ok("POST", "/v1/orders", order(mobile, 12_300), role="pos")
    await api.settled()
    return str(member)


async def test_a_receipt_is_checked_offline_and_the_ledger_audited(
    api: Api, tmp_path: Path
) -> None:
    member = await _purchase(api)
    made = await api.ok("POST", "/v1/ledger/checkpoints", role="compliance")
    page = await api.ok("GET", f"/v1/members/{member}/points/entries", role="member", member=member)
    path = f"/v1/ledger/entries/{page['data'][0]['entry_id']}/proof"
    receipt = await api.ok("GET", path, role="member", member=member)
    assert receipt["checkpoint"]["checkpoint_id"] == made["checkpoint_id"]

    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    key = (await api.ok("GET", "/v1/ledger/checkpoints"))["public_key"]
    check = ("ledger", "verify-receipt", str(file), "--key", key)
    status, said = await _huiyuan(*check)
    assert (status, "earn +123" in said) == (0, True), said

    receipt["entry"]["amount"] = 1_000_000
    file.write_text(json.dumps(receipt))
    status, said = await _huiyuan(*check)
    assert (status, "the entry was changed" in said) == (1, True), said

    audit = ("audit", "verify", "--data-dir", str(api.platform.home.root))
    status, said = await _huiyuan(*audit)
    assert (status, "as it was written" in said) == (0, True), said
    audit = ("ledger", "verify", "--data-dir", str(api.platform.home.root))
    status, said = await _huiyuan(*audit)
    assert (status, "as it was written" in said) == (0, True), said

    home = api.platform.home
    owner = await asyncpg.connect(Servers(home, running_in(home)).admin_dsn)
    entry = (receipt["entry"]["entry_id"],)
    try:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute("UPDATE points.entry SET amount = 999 WHERE entry_id = $1", *entry)
        status, said = await _huiyuan(*audit)
        assert (status, f"entry {entry[0]}" in said) == (1, True), said
    finally:
        await owner.execute("UPDATE points.entry SET amount = 123 WHERE entry_id = $1", *entry)
        await owner.close()
    assert (await _huiyuan(*audit))[0] == 0
