"""What a call hears: the few things that can happen to it, in our own words.

`switchboard` turns Asterisk's events into these; the desk's watcher and the screens add theirs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ari_apps.commands import Command
from ari_apps.legs import Leg
from ivr_flows.inputs import Input
from voice_core.interaction import Interaction


@dataclass(frozen=True, slots=True)
class LegEntered:
    """A channel is in Stasis: an originated one was answered."""

    channel_id: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class LegRinging:
    channel_id: str


@dataclass(frozen=True, slots=True)
class LegGone:
    """A channel has left. `cause` is Q.850 (0 unknown), `sip_status` the refusal's, when there was one."""

    channel_id: str
    cause: int = 0
    sip_status: int | None = None


@dataclass(frozen=True, slots=True)
class LegReplaced:
    """Another channel took this one's place (an attended transfer done by a SIP phone itself)."""

    channel_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Referred:
    """The phone on this leg asks by itself (SIP REFER) to pass the other side on to `destination`."""

    channel_id: str
    destination: str
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Digit:
    channel_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    playback_id: str
    completed: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message was recorded; `seconds` of it, 0 when nothing could be kept."""

    name: str
    seconds: int
    completed: bool


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The desk moved the contact: another stage, agent or queue."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """The agent whose offer was accepted is on the line."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech asked for in the background is ready to be played."""

    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemAnswered:
    """An institution's own system, asked beside the call under this name."""

    asked: str
    answer: Input


@dataclass(frozen=True, slots=True)
class Asked:
    """A person at a screen asks for something; `answer` is resolved when it is done or refused."""

    command: Command
    answer: asyncio.Future[None]

    def done(self) -> None:
        if not self.answer.done():
            self.answer.set_result(None)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


Signal = (
    LegEntered
    | LegRinging
    | LegGone
    | LegReplaced
    | Referred
    | Digit
    | Played
    | Recorded
    | StageChanged
    | AgentAnswered
    | Spoken
    | SystemAnswered
    | Asked
)
