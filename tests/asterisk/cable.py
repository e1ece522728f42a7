"""A TCP cable between a client and Asterisk that a test can cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class Cable:
    """Listens on `port` of 127.0.0.1 while laid, and carries to `far_port`."""

    def __init__(self, far_port: int) -> None:
        self._far_port = far_port
        self._ends: set[asyncio.StreamWriter] = set()
        self._severed = False
        self.port = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[Cable]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Both directions at once, without a goodbye; what connects afterwards is carried again."""
        for end in self._ends:
            end.transport.abort()

    @contextmanager
    def severed(self) -> Iterator[None]:
        """Cut, and nothing is carried until the context is left."""
        self._severed = True
        self.cut()
        try:
            yield
        finally:
            self._severed = False

    async def _carry(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._severed:
            near.transport.abort()
            return
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._far_port)
        self._ends |= {near, far}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(near_reader, far))
                group.create_task(_pump(far_reader, near))
        finally:
            self._ends -= {near, far}


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()
