"""Listening, whispering, barging in, taking over: a supervisor's ear in a live conversation.

The supervisor's own phone rings. Once answered its leg sits beside a snoop of the agent's channel:

* listen: the snoop brings both voices; the supervisor's leg is muted.
* whisper: the same, unmuted: the snoop carries the supervisor's voice to the agent's ear alone, so it is
  neither heard by the customer nor in the recording (which is taken on the customer's channel).
* barge: the leg joins the conversation's own bridge.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from recorder.ear import Ear, Mode
from recorder.errors import ListeningError
from recorder.ports import LiveCalls
from voice_core.desk import Desk
from voice_core.errors import NotFoundError

COMMAND_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class _Key:
    interaction_id: str
    supervisor: str


class Listening:
    """All supervisors' ears; `run` owns their tasks."""

    def __init__(self, calls: LiveCalls, desk: Desk) -> None:
        self._calls = calls
        self._desk = desk
        self._ears: dict[_Key, Ear] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve until cancelled; every ear closes with it."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await asyncio.Event().wait()

    async def start(self, interaction_id: str, supervisor: str, mode: Mode) -> None:
        """Ring the supervisor's phone; once answered, connect it. Raises ListeningError, NotFoundError."""
        if self._group is None:
            raise ListeningError("Listening is not running yet; try again in a moment.")
        key = _Key(interaction_id, supervisor)
        if key in self._ears:
            await self.change(interaction_id, supervisor, mode)
            return
        if any(other.supervisor == supervisor for other in self._ears):
            raise ListeningError("You are listening to another call; stop that one first.")
        self._calls.bridge_id(interaction_id)  # NotFoundError before anything rings
        ear = Ear(
            self._calls,
            self._desk,
            interaction_id=interaction_id,
            supervisor=supervisor,
            mode=mode,
        )
        self._ears[key] = ear
        self._group.create_task(self._hold(key, ear), name=f"listening {interaction_id} {supervisor}")
        await ear.connected()

    async def change(self, interaction_id: str, supervisor: str, mode: Mode) -> None:
        """Switch between listen, whisper and barge without ringing again."""
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            await self._ear(interaction_id, supervisor).ask(mode)

    async def stop(self, interaction_id: str, supervisor: str) -> None:
        """Hang up the supervisor's leg; the conversation goes on untouched."""
        ear = self._ear(interaction_id, supervisor)
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            await ear.stop()

    async def take_over(self, interaction_id: str, supervisor: str) -> None:
        """The supervisor becomes the agent of this call; starts listening first when they were not."""
        if _Key(interaction_id, supervisor) not in self._ears:
            await self.start(interaction_id, supervisor, Mode.LISTEN)
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            await self._ear(interaction_id, supervisor).ask("take_over")

    def _ear(self, interaction_id: str, supervisor: str) -> Ear:
        ear = self._ears.get(_Key(interaction_id, supervisor))
        if ear is None:
            raise NotFoundError("You are not listening to this call.")
        return ear

    async def _hold(self, key: _Key, ear: Ear) -> None:
        try:
            await ear.live()
        finally:
            del self._ears[key]
