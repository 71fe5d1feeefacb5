"""Streams on the bus."""

import asyncio
from pathlib import Path

import nats

from allinone.ports import claim
from allinone.servers.nats import binary
from chassis.bus import Bus
from testkit.waiting import eventually


async def test_a_small_disk_gets_a_small_stream(short_folder: Path) -> None:
    free = claim([None])
    config = short_folder / "small.conf"
    config.write_text(
        f'listen: "127.0.0.1:{free.port}"\n'
        f'jetstream {{ store_dir: "{short_folder}/small", max_file_store: 200MB }}\n'
    )
    free.release()
    server = await asyncio.create_subprocess_exec(str(binary()), "--config", str(config))
    try:
        bus = Bus(f"nats://127.0.0.1:{free.port}", "test", activity_bytes=1024**3)
        await eventually(lambda: _started(bus))
        for _ in range(2):  # the second time it stays as it is
            await bus.ensure_streams()
            info = await bus.js.stream_info("ACTIVITY")
            assert info.config.max_bytes == 128 * 1024**2
            assert info.config.discard == "new"
        await bus.stop()
    finally:
        server.terminate()
        await server.wait()


async def _started(bus: Bus) -> bool:
    try:
        await bus.start()
    except (nats.errors.Error, OSError):
        return False
    return True
