"""What a person at a screen may ask of a live call. Each carries who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: an agent's user name, a queue's name or an outside number."""

    kind: Literal["agent", "queue", "number"]
    value: str


@dataclass(frozen=True, slots=True)
class Command:
    agent: str


@dataclass(frozen=True, slots=True)
class Hold(Command):
    pass


@dataclass(frozen=True, slots=True)
class Resume(Command):
    pass


@dataclass(frozen=True, slots=True)
class Mute(Command):
    on: bool


@dataclass(frozen=True, slots=True)
class SendDigits(Command):
    digits: str


@dataclass(frozen=True, slots=True)
class HangUp(Command):
    pass


@dataclass(frozen=True, slots=True)
class Transfer(Command):
    target: Target


@dataclass(frozen=True, slots=True)
class StartConsult(Command):
    target: Target


@dataclass(frozen=True, slots=True)
class CompleteConsult(Command):
    pass


@dataclass(frozen=True, slots=True)
class CancelConsult(Command):
    pass


@dataclass(frozen=True, slots=True)
class Conference(Command):
    pass


@dataclass(frozen=True, slots=True)
class Reattach(Command):
    """The agent's page was reloaded: ring the phone anew, it answers by itself."""


@dataclass(frozen=True, slots=True)
class TakeOver(Command):
    """`agent` (a supervisor) takes the agent's place with a leg that is already up."""

    channel_id: str
