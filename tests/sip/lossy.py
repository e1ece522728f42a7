"""A UDP line that loses and reorders SIP, seeded, between whoever sends to `near` and a server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Address = tuple[str, int]
LATE_S = (0.005, 0.08)  # how late a packet that is overtaken comes


@dataclass(slots=True)
class LossyLine:
    """`loses` and `reorders` are shares of 1, each way; both may be changed while it carries."""

    chance: random.Random
    loses: float
    reorders: float
    near: Address = ("", 0)
    lost: int = 0
    late: int = 0
    carried: int = 0
    _client: Address | None = None
    _ends: list[asyncio.DatagramTransport] = field(default_factory=list)

    def carry(self, data: bytes, end: int, to: Address) -> None:
        if self.chance.random() < self.loses:
            self.lost += 1
        elif self.chance.random() < self.reorders:
            self.late += 1
            asyncio.get_running_loop().call_later(self.chance.uniform(*LATE_S), self._send, end, data, to)
        else:
            self._send(end, data, to)

    def _send(self, end: int, data: bytes, to: Address) -> None:
        self.carried += 1
        if not self._ends[end].is_closing():
            self._ends[end].sendto(data, to)

    def came_near(self, data: bytes, client: Address, server: Address) -> None:
        self._client = client
        self.carry(data, 1, server)

    def came_far(self, data: bytes) -> None:
        if self._client is not None:
            self.carry(data, 0, self._client)


class _Near(asyncio.DatagramProtocol):
    def __init__(self, line: LossyLine, server: Address) -> None:
        self._line, self._server = line, server

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._line.came_near(data, addr, self._server)


class _Far(asyncio.DatagramProtocol):
    def __init__(self, line: LossyLine) -> None:
        self._line = line

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._line.came_far(data)


@asynccontextmanager
async def lossy_line(host: str, server: Address, line: LossyLine) -> AsyncIterator[LossyLine]:
    """For one client socket: what it sends to `line.near` reaches `server` from `host`, and back."""
    loop = asyncio.get_running_loop()
    near, _ = await loop.create_datagram_endpoint(lambda: _Near(line, server), local_addr=(host, 0))
    far, _ = await loop.create_datagram_endpoint(lambda: _Far(line), local_addr=(host, 0))
    line._ends = [near, far]
    line.near = near.get_extra_info("sockname")[:2]
    try:
        yield line
    finally:
        near.close()
        far.close()
