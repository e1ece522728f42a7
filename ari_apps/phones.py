"""Which phones of an agent are registered now, known in memory: nothing is asked before ringing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ari_apps.ari import AriClient
from ari_apps.ari.errors import NotFound

SIP_SUFFIX = "-sip"
_ABSENT = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Phone:
    endpoint: str
    kind: Literal["browser", "sip"]
    online: bool


class Phones:
    """Of one Asterisk, fed by its device states. An agent's phones are the endpoints `<user>` and `<user>-sip`; each may be
    registered at a neighbour, once they have been introduced.
    """

    def __init__(self, app: str) -> None:
        self._app = app
        self._online: set[str] = set()
        self._watched: set[str] = set()
        self._heard: Counter[str] = Counter()  # news of each, to know an answer that is older than they are
        self._pages: Counter[str] = Counter()
        self._neighbours: Mapping[str, Phones] = {}
        self.on_change: Callable[[str], None] = _nobody

    def introduce(self, neighbours: Mapping[str, Phones]) -> None:
        """The other nodes' phones, by node. Who has a page open is known to all of them alike."""
        self._neighbours = neighbours
        for neighbour in neighbours.values():
            neighbour._pages = self._pages

    def of(self, agent: str) -> list[Phone]:
        sip = agent + SIP_SUFFIX
        return [Phone(agent, "browser", self.knows(agent)), Phone(sip, "sip", self.knows(sip))]

    def has(self, endpoint: str) -> bool:
        """Registered at this very node."""
        return endpoint in self._online

    def knows(self, endpoint: str) -> bool:
        """Registered somewhere."""
        return self.has(endpoint) or any(there.has(endpoint) for there in self._neighbours.values())

    def dial(self, endpoint: str) -> str:
        """How this Asterisk rings it: straight, or through the node at which it is registered."""
        if not self.has(endpoint):
            for node, there in self._neighbours.items():
                if there.has(endpoint):
                    return f"PJSIP/{endpoint}@node-{node}"
        return f"PJSIP/{endpoint}"

    def online(self, agent: str) -> list[str]:
        """Registered endpoints, the browser's first."""
        return [phone.endpoint for phone in self.of(agent) if phone.online]

    def told(self, device: str, state: str) -> None:
        """A device state: `PJSIP/ana`, `NOT_INUSE`."""
        endpoint = device.removeprefix("PJSIP/")
        self._heard[endpoint] += 1
        was = endpoint in self._online
        if state in _ABSENT:
            self._online.discard(endpoint)
        else:
            self._online.add(endpoint)
        if was != (endpoint in self._online):
            self.on_change(endpoint.removesuffix(SIP_SUFFIX))

    def all_gone(self) -> None:
        """Their Asterisk is dead."""
        for endpoint in tuple(self._online):
            self.told(f"PJSIP/{endpoint}", "UNAVAILABLE")

    def page_came(self, agent: str) -> None:
        """A page of the agent's has opened its socket for SIP."""
        self._pages[agent] += 1

    def page_left(self, agent: str) -> None:
        self._pages[agent] -= 1

    def has_page(self, agent: str) -> bool:
        return self._pages[agent] > 0

    async def watch(self, ari: AriClient, agents: Sequence[str]) -> None:
        """Ask to be told about these agents' phones, and how they are now. Not kept over a lost socket."""
        for agent in agents:
            for phone in self.of(agent):
                await self._watch_one(ari, phone.endpoint)

    async def _watch_one(self, ari: AriClient, endpoint: str) -> None:
        device, heard = f"PJSIP/{endpoint}", self._heard[endpoint]
        try:
            await ari.applications.subscribe(self._app, event_source=[f"deviceState:{device}"])
            known = await ari.device_states.get(device)
        except NotFound:
            return
        self._watched.add(endpoint)
        if self._heard[endpoint] == heard:  # else something newer was told while the answer was on its way
            self.told(device, known.state)


def _nobody(_agent: str) -> None:
    """Who is told of changes until somebody asks."""
