"""One centre on two Asterisks, and people on the telephone at either."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from contact_centre.scripted_caller import Call, Line
from contact_centre.secrets_file import ACCOUNT, load_secrets
from tests.busy_centre import STRAIGHT_NUMBER, BusyCentre, busy_centre
from tests.faults.processes import asterisk_of, children, phone_secret
from tests.instance import LOOK_S, PASSWORD, TRUNK_HOST, Api, Instance, free_ports
from tests.people import Record, newest_from

FIRST, SECOND = "asterisk-1", "asterisk-2"
CALLER_HZ, AGENT_HZ = 440, 620
AT_FIRST = 3
_OUTBOUND = """
outbound: {trunk: prueba, allowed_destinations: ["09"]}
"""


@dataclass(slots=True)
class Agent:
    api: Api
    phone: Line

    async def takes(self, hz: float = AGENT_HZ) -> Call:
        leg = await self.phone.rings(timeout_s=15)
        await leg.answer()
        leg.play_tone(hz)
        return leg


@dataclass(slots=True)
class TwoNodes:
    """`at` tells each node's place for SIP."""

    centre: BusyCentre
    admin: Api
    at: dict[str, tuple[str, int]]
    http: dict[str, int]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def instance(self) -> Instance:
        return self.centre.instance

    @property
    def pid(self) -> int:
        """The parent of all."""
        assert self.instance.process is not None
        return self.instance.process.pid

    async def line(self, host: str, node: str) -> Line:
        return await self.stack.enter_async_context(Line(host, server=self.at[node]))

    async def phone(self, user: str, node: str) -> Line:
        """A desk phone, registered there."""
        phone = await self.line("127.0.0.1", node)
        await phone.register(f"{user}-sip", phone_secret(self.instance, user))
        return phone

    async def agent(self, number: int) -> Agent:
        """With a phone, and available: `a0` to `a2` at the first node, the others at the second."""
        node = FIRST if number < AT_FIRST else SECOND
        agent = Agent(self.centre.agents[number], await self.phone(f"a{number}", node))
        await agent.api.available()
        return agent

    async def registers_again(self, agent: Agent) -> None:
        """As phones do now and then. Asterisk writes sign-ins down once a second: one that is killed may have forgotten this."""
        user = agent.api.username
        await agent.phone.register(f"{user}-sip", self.centre.secrets[f"{user}-sip"])

    async def caller(self, node: str, number: str) -> Call:
        """Someone dials the queue at that node."""
        trunk = await self.line(TRUNK_HOST, node)
        call = await trunk.call(STRAIGHT_NUMBER, from_number=number)
        await call.answered(timeout_s=20)
        call.play_tone(CALLER_HZ)
        return call

    async def talk(self, agent: Agent, node: str, number: str) -> tuple[Call, Call, Record]:
        """(caller, agent's leg, contact) once they hear each other."""
        caller = await self.caller(node, number)
        leg = await agent.takes()
        assert leg.from_number == number
        await asyncio.gather(caller.hears(AGENT_HZ, within_s=10), leg.hears(CALLER_HZ, within_s=10))
        return caller, leg, await newest_from(self.admin, number)

    async def channels(self, node: str) -> list[str]:
        """Ids of those that live there."""
        return [channel["id"] for channel in await self._ari(node, "channels")]

    async def registered(self, endpoint: str, node: str, timeout_s: float = 20.0) -> None:
        """Wait until that phone is signed in there."""
        async with asyncio.timeout(timeout_s):
            while (await self._ari(node, f"endpoints/PJSIP/{endpoint}"))["state"] != "online":
                await asyncio.sleep(LOOK_S)

    async def _ari(self, node: str, path: str) -> Any:
        login = aiohttp.encode_basic_auth(ACCOUNT, load_secrets(self.instance.home).ari_password)
        async with (
            aiohttp.ClientSession(headers={"Authorization": login}) as http,
            http.get(f"http://127.0.0.1:{self.http[node]}/ari/{path}") as answer,
        ):
            return await answer.json()

    @contextmanager
    def dead(self, node: str) -> Iterator[None]:
        """Killed, and who watches it stands still, so that nobody starts it until the context is left."""
        name = "asterisk" if node == FIRST else node
        watcher = children(self.pid)[f"c-{name}"]
        os.kill(watcher, signal.SIGSTOP)
        try:
            os.kill(asterisk_of(self.instance, name), signal.SIGKILL)
            yield
        finally:
            os.kill(watcher, signal.SIGCONT)

    async def whole(self) -> None:
        """Both are there."""
        await self.admin.until("/health", lambda health: health["status"] == "ready", 30)

    async def everybody_leaves(self) -> None:
        """No phone, no call, nobody available, both nodes there: the next test begins anew."""
        await self.whole()
        await self.stack.aclose()
        await self.centre.everybody("offline")
        await self.admin.until(
            "/calls?state=live", lambda page: all(row["stage"] == "wrap_up" for row in page["items"]), 20
        )


@asynccontextmanager
async def two_nodes(folder: Path, agents: int) -> AsyncIterator[TwoNodes]:
    sip, http, ami = free_ports(3)
    further = {
        "name": SECOND, "sip_port": sip, "asterisk_http_port": http, "ami_port": ami,
        "rtp_start": 12000, "rtp_end": 12999,
    }  # fmt: skip
    async with (
        busy_centre(folder, agents, _OUTBOUND, nodes=json.dumps([further])) as centre,
        Api(centre.instance, "admin", PASSWORD) as admin,
    ):
        await admin.until("/health", lambda health: health["status"] == "ready", 30)
        at = {FIRST: centre.instance.server, SECOND: ("127.0.0.1", sip)}
        ports = {FIRST: int(centre.instance.environment["CENTRALITA_ASTERISK_HTTP_PORT"]), SECOND: http}
        yield TwoNodes(centre, admin, at, ports)
