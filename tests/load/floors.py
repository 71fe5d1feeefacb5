"""What a figure cannot pass: the least that could answer, served as the gateway is served."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request

from allinone.ports import claim
from allinone.tls import TlsFiles
from contracts.collect import Batch

_ROOT = Path(__file__).resolve().parents[2]


def echo() -> FastAPI:
    """A FastAPI service that answers with the body."""
    app = FastAPI()

    @app.post("/echo")
    async def answer(request: Request) -> Any:
        return msgspec.json.decode(await request.body())

    return app


class Decoder:
    """Plain ASGI that only decodes a batch of messages."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Batch).decode

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        chunks, more = [], True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        size = len(self._decode(b"".join(chunks)).batch)
        body = b'{"n":%d}' % size
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def create_app() -> Any:
    """What `chassis.serve` runs: the floor that FLOOR names."""
    return {"echo": echo, "decode": Decoder}[os.environ["FLOOR"]]()


@contextmanager
def floor(name: str, tls: TlsFiles) -> Iterator[str]:
    """The URL of a floor, running in a process of its own with the gateway's certificate."""
    free = claim([None])
    settings = {
        "FLOOR": name,
        "HUIYUAN_BIND": f"127.0.0.1:{free.port}",
        "HUIYUAN_TLS_CERT": str(tls.certificate),
        "HUIYUAN_TLS_KEY": str(tls.key),
        "PYTHONPATH": str(_ROOT),
    }
    free.release()
    process = subprocess.Popen(
        [sys.executable, "-m", "chassis.serve", "tests.load.floors"], env={**os.environ, **settings}
    )
    try:
        _wait_for(free.port)
        yield f"https://localhost:{free.port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
