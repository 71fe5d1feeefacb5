"""A cable between two servers that a test can cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Cable:
    """Carries bytes to a port of this machine; cut, it drops its connections and takes none."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = True
        self._open: set[asyncio.StreamWriter] = set()
        self.carried = 0

    def cut(self) -> None:
        """From now on nothing passes."""
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        """New connections pass again."""
        self._whole = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is closed or cut."""
        self._open.add(writer)
        try:
            if self._whole:
                there, back = await asyncio.open_connection("127.0.0.1", self._target)
                self._open.add(back)
                await asyncio.gather(self._copy(reader, back), self._copy(there, writer))
                self._open.discard(back)
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                if not self._whole:
                    break
                self.carried += len(data)
                sink.write(data)
                await sink.drain()
        sink.close()


@asynccontextmanager
async def cable(port: int, target: int) -> AsyncIterator[Cable]:
    """Listens on `port`, carries to `target`, until the block ends."""
    laid = Cable(target)
    server = await asyncio.start_server(laid.carry, "127.0.0.1", port)
    try:
        yield laid
    finally:
        laid.cut()
        server.close()
