"""Which phones of an agent are registered now, known in memory: nothing is asked before ringing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
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
    """Fed by device states. An agent's phones are the endpoints `<user>` and `<user>-sip`."""

    def __init__(self, app: str) -> None:
        self._app = app
        self._online: set[str] = set()
        self._watched: set[str] = set()
        self._pages: Counter[str] = Counter()
        self.on_change: Callable[[str], None] = _nobody

    def of(self, agent: str) -> list[Phone]:
        return [
            Phone(agent, "browser", agent in self._online),
            Phone(agent + SIP_SUFFIX, "sip", agent + SIP_SUFFIX in self._online),
        ]

    def online(self, agent: str) -> list[str]:
        """Registered endpoints, the browser's first."""
        return [phone.endpoint for phone in self.of(agent) if phone.online]

    def told(self, device: str, state: str) -> None:
        """A device state: `PJSIP/ana`, `NOT_INUSE`."""
        endpoint = device.removeprefix("PJSIP/")
        was = endpoint in self._online
        if state in _ABSENT:
            self._online.discard(endpoint)
        else:
            self._online.add(endpoint)
        if was != (endpoint in self._online):
            self.on_change(endpoint.removesuffix(SIP_SUFFIX))

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
        device = f"PJSIP/{endpoint}"
        try:
            await ari.applications.subscribe(self._app, event_source=[f"deviceState:{device}"])
            known = await ari.device_states.get(device)
        except NotFound:
            return
        self._watched.add(endpoint)
        self.told(device, known.state)


def _nobody(_agent: str) -> None:
    """Who is told of changes until somebody asks."""
