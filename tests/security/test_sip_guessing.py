"""Fault 25: nobody learns who is here by asking, and who guesses too often is shut out while good calls go on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from contact_centre.sip_guard import FAILURES
from tests.instance import Instance

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
ATTACKER = "127.0.0.66"
VICTIM = "203.0.113.99"
# What would read as an attempt from somebody else, were it written into the log as it is.
FORGERY = f'x",LocalAddress="IPV4/UDP/127.0.0.1/1",RemoteAddress="IPV4/UDP/{VICTIM}/1'.replace('"', '\\"')
ANSWER_LIMIT_S = 5.0


class Guesser(asyncio.DatagramProtocol):
    """Sends SIP by hand and keeps what comes back."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._answers.put_nowait(data.decode())

    async def ask(self, method: str, user: str, *, username: str = "", nonce: str = "x") -> str:
        """The final answer, with what differs from one request to the next taken out."""
        self._sent += 1
        host, port = self._transport.get_extra_info("sockname")
        uri = f"sip:{self._server[0]}:{self._server[1]}"
        said = {"username": username, "realm": "asterisk", "nonce": nonce, "uri": uri, "response": "0" * 32}
        digest = "Digest " + ", ".join(f'{name}="{value}"' for name, value in said.items())
        lines = [
            f"{method} {uri if method == 'REGISTER' else f'sip:101@{self._server[0]}'} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self._sent};rport",
            f"From: <sip:{user}@{host}>;tag=t{self._sent}",
            f"To: <sip:{user}@{host}>",
            f"Call-ID: c{self._sent}@{host}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:{user}@{host}:{port}>",
            *([f"Authorization: {digest}"] if username else []),
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        self._transport.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), self._server)
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while f"c{self._sent}@" not in (answer := await self._answers.get()) or " 100 " in answer[:14]:
                pass
        return answer


@asynccontextmanager
async def guesser(server: tuple[str, int], host: str) -> AsyncIterator[Guesser]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: Guesser(server), local_addr=(host, 0))
    try:
        yield protocol
    finally:
        transport.close()


def told(answer: str, user: str) -> list[str]:
    """Status and headers without what is of this request alone."""
    same = re.sub(
        r'(nonce|opaque|tag|branch|received|rport)="?[^";,\s]+"?', r"\1", answer.replace(user, "USER")
    )
    return [line for line in same.splitlines() if not line.startswith(("Call-ID", "Via", "CSeq", "Date"))]


async def test_known_and_unknown_names_are_answered_alike(centralita: Instance) -> None:
    async with guesser(centralita.server, "127.0.0.65") as asker:
        for method in ("REGISTER", "INVITE", "OPTIONS"):
            known, unknown = await asker.ask(method, "ana-sip"), await asker.ask(method, "nadie-sip")
            assert told(known, "ana-sip") == told(unknown, "nadie-sip"), method
            assert known.startswith("SIP/2.0 401")
            known = await asker.ask(method, "ana-sip", username="ana-sip")
            unknown = await asker.ask(method, "nadie-sip", username="nadie-sip")
            assert told(known, "ana-sip") == told(unknown, "nadie-sip"), method


async def test_who_guesses_is_shut_out_and_nobody_else(centralita: Instance) -> None:
    banned = centralita.home / "asterisk" / "etc" / "banned.conf"
    async with (
        guesser(centralita.server, ATTACKER) as attacker,
        guesser(centralita.server, "127.0.0.67") as other,
    ):
        for _ in range(FAILURES):
            first = await attacker.ask("REGISTER", "ana-sip", username=FORGERY)
            nonce = re.search(r'nonce="([^"]+)"', first)
            assert nonce is not None
            await attacker.ask("REGISTER", "ana-sip", username="ana-sip", nonce=nonce[1])
        await shut_out(banned, attacker)
        assert VICTIM not in banned.read_text(), "the forged address is not believed"
        assert (await other.ask("REGISTER", "ana-sip")).startswith("SIP/2.0 401")
    async with centralita.trunk() as trunk:
        call = await trunk.call("101", from_number="0995500001")
        await call.answered()
        call.hang_up()
    await centralita.quiet()


async def shut_out(banned: Path, attacker: Guesser) -> None:
    """Waits for it: the log is looked at twice a second."""
    async with asyncio.timeout(20):
        while not (await attacker.ask("REGISTER", "ana-sip")).startswith("SIP/2.0 403"):
            await asyncio.sleep(0.1)
    assert ATTACKER in banned.read_text()
