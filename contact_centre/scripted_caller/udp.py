"""SIP over UDP on a port the system chooses.

aiosipua's own UDP transport asserts a class that asyncio's sockets have only from Python 3.12 on.
"""

from __future__ import annotations

import asyncio
from typing import cast

from aiosipua import SipRequest, SipResponse, SipTransport


class UdpSocket(SipTransport):
    """Binds `local_addr`; port 0 is replaced by the one given."""

    _socket: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=self.local_addr
        )

    async def stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        """After `stop()` nothing is sent: late answers of a closed line have nobody to go to."""
        if self._socket is not None:
            self._socket.sendto(bytes(message), addr)

    def bound(self, socket: asyncio.DatagramTransport) -> None:
        self._socket = socket
        host, port = socket.get_extra_info("sockname")[:2]
        self.local_addr = (str(host), int(port))

    def received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._dispatch(data, (str(addr[0]), int(addr[1])))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, owner: UdpSocket) -> None:
        self._owner = owner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._owner.bound(cast(asyncio.DatagramTransport, transport))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._owner.received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The far port is closed (ICMP): whoever waits for an answer has a timeout of their own."""
