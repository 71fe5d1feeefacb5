"""`huiyuan doctor pii` on real servers: what is planted is found wherever it lies."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import nats
import pytest
import redis.asyncio as redis
from typer.testing import CliRunner

from allinone.cli import app
from allinone.demo.households import people, secrets_of
from allinone.pii.forms import plants
from allinone.pii.look import Look, Where, look
from allinone.pii.scanner import Scanner
from allinone.pii.wal import folders_below, scan_pages
from allinone.servers.postgres import binaries
from testkit.stack import Stack

SECRETS = [each for each in secrets_of(people(range(2), seed=7).values()) if len(each[1]) > 3]
FORMS = {"utf-8", "utf-16", "gbk", "hex", "base64", "url", "json", "grouped"}
BINARY = {"utf-16", "gbk"}


class Deaf:
    """Whom nobody needs to tell."""

    def at(self, place: str) -> None: ...

    def read(self, count: int) -> None: ...


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(SECRETS)


@pytest.fixture
async def table(stack: Stack) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        await connection.execute("CREATE SCHEMA leaky CREATE TABLE note (words text, raw bytea)")
        yield connection
    finally:
        await connection.execute("DROP SCHEMA leaky CASCADE")
        await connection.close()


def found_in(done: Look, part: str) -> set[str]:
    """Forms that were found in places with this in their names."""
    return {each.form for each in done.scanned.findings if part in each.place}


async def run(stack: Stack, scanner: Scanner, *paths: Path) -> Look:
    return await look(scanner, len(SECRETS), Where(stack.home, paths), Deaf())


async def test_what_is_planted_anywhere_in_any_form_is_found(
    stack: Stack, table: Any, scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYUAN_DATABASE_URL", stack.admin_dsn)
    monkeypatch.setenv("HUIYUAN_REDIS_URL", stack.redis_url)
    before = await run(stack, scanner)
    assert before.scanned.findings == () and before.scanned.places > 100
    assert before.unlooked == [
        f"files of your own {name} server (name its folder by --path)"
        for name in ("database", "redis")
    ]
    planted = [plant for kind, value in SECRETS for plant in plants(kind, value)]
    await table.executemany(
        "INSERT INTO leaky.note VALUES ($1, $2)",
        [(None, b) if form in BINARY else (b.decode(), None) for form, b in planted],
    )
    bus, client = await nats.connect(stack.nats_url), redis.from_url(stack.redis_url)
    log, stream = stack.home.logs / "leaky.log", bus.jetstream()
    try:
        await stream.add_stream(name="LEAKY", subjects=["leaky"])
        await asyncio.gather(*(stream.publish("leaky", plant) for _, plant in planted))
        await client.rpush("leaky", *(plant for _, plant in planted))
        log.write_bytes(b"\n".join(plant for _, plant in planted))
        for option in ("--format=custom", "--format=plain"):
            await dumped(stack, option, tmp_path / f"dump{option[-6:]}")
        plain = tmp_path / "dump=plain"
        (tmp_path / "dump.gz").write_bytes(gzip.compress(plain.read_bytes()))
        (tmp_path / "dump.zst").write_bytes(b"\x28\xb5\x2f\xfd packed")
        done = await run(stack, scanner, tmp_path)
    finally:
        log.unlink(missing_ok=True)
        await stream.delete_stream("LEAKY")
        await client.delete("leaky")
        await client.aclose()
        await bus.close()
    for place in ("postgres/data/base/", "postgres/data/pg_wal/", "nats/", "leaky.log"):
        assert found_in(done, place) == FORMS, place
    assert found_in(done, "redis") == FORMS
    for place in ("leaky.note", "dumpcustom (unpacked)", "dump=plain", "dump.gz (unpacked)"):
        assert found_in(done, place) == FORMS - BINARY, place
    assert done.scanned.unread == ("dump.zst (unpacked)",)
    told = json.dumps(done.as_json(), ensure_ascii=False)
    assert not any(value in told for _, value in SECRETS)


async def dumped(stack: Stack, option: str, path: Path) -> None:
    command = [str(binaries() / "pg_dump"), option, "--schema=leaky", f"--file={path}"]
    process = await asyncio.create_subprocess_exec(*command, f"--dbname={stack.admin_dsn}")
    assert await process.wait() == 0


async def test_pages_that_the_wal_holds_compressed(stack: Stack, table: Any) -> None:
    """During a backup PostgreSQL logs whole pages, and what is on them not once more."""
    card = "A-4711-0815-4242"
    scanner = Scanner([("card_no", card)])
    filler = card[:9] * 20  # so that a repetition is what is left of the value
    await table.execute("INSERT INTO leaky.note VALUES ($1)", filler)
    await table.execute("SELECT pg_backup_start('pii', true)")
    await table.execute("INSERT INTO leaky.note VALUES ($1)", filler + card)
    await table.execute("SELECT pg_backup_stop()")
    await table.execute("SELECT pg_switch_wal()")
    (folder,) = folders_below(stack.home.root)
    found = await asyncio.to_thread(scan_pages, scanner, folder, "pg_wal")
    assert {(each.place, each.form) for each in found.findings} == {
        ("pg_wal (whole pages)", "utf-8")
    }
    assert found.unread == () and found.bytes >= 8192


def test_the_command_tells_where_and_never_what(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "gateway.log").write_text("sent to 13800138000, 欧阳娜娜\n")
    listed, told = tmp_path / "listed.csv", tmp_path / "told.json"
    listed.write_text("phone,138 0013 8000\nname,欧阳娜娜\nname,李四\n")
    arguments = ["doctor", "pii", "--values", str(listed), "--json", str(told)]
    answer = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path)])
    said = json.loads(told.read_text())
    assert answer.exit_code == 1 and said["hits"] == 2
    assert {(each["place"], each["kind"]) for each in said["findings"]} == {
        ("gateway.log", "phone"), ("gateway.log", "name")
    }  # fmt: skip
    assert [each[:6] for each in said["not_looked_at"]] == ["tables", "Redis "]
    assert "gateway.log" in answer.output and "not looked at: Redis" in answer.output
    assert "proved first" in answer.output and "name: 1 in base64" in answer.output
    for value in ("13800138000", "138 0013 8000", "娜娜", "李四"):
        assert value not in answer.output + told.read_text()
    (tmp_path / "gateway.log").write_text("sent\n")
    assert CliRunner().invoke(app, [*arguments, "--data", str(tmp_path)]).exit_code == 0
    for wrong in (["--data", str(tmp_path / "none")], ["--path", str(tmp_path / "none")]):
        assert CliRunner().invoke(app, [*arguments, *wrong]).exit_code == 2
