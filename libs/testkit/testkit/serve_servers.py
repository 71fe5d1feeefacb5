"""Servers in a data directory as a process of its own, until SIGTERM.

`python -m testkit.serve_servers DATA_DIR` prints one line of JSON when they are ready:
{pids, admin_dsn, nats_url, redis_url}.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor


async def main(folder: Path) -> None:
    home = Home(folder)
    lock = home.lock()
    servers = Servers(home, External())
    supervisor = Supervisor(home.logs)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        await servers.start(supervisor)
        urls = {name: getattr(servers, name) for name in ("admin_dsn", "nats_url", "redis_url")}
        sys.stdout.write(json.dumps({"pids": supervisor.pids(), **urls}) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await supervisor.stop(*servers.names)
        lock.release()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
