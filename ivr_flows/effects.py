"""What the machine asks the world to do. One at a time; the answer is one input (`ivr_flows.inputs`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voice_core.interaction import SkillRequirement


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to be heard: `text` is spoken, `file` is a recorded prompt (a checked name, never a path)."""

    text: str | None = None
    file: str | None = None
    language: str = "es"


@dataclass(frozen=True, slots=True)
class Say:
    """Answer: Done, Digits (a key cut it short), Failed."""

    prompts: tuple[Prompt, ...]
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Gather:
    """Speak and listen for keys. Answer: Digits, Words, NoInput, Failed.

    `choices` are the keys of a menu, or of yes and no; None means free digits (`*` may be a decimal mark among them).
    `secret` digits must reach no log and no screen.
    """

    prompts: tuple[Prompt, ...]
    choices: tuple[str, ...] | None
    min_digits: int
    max_digits: int
    terminator: str
    first_timeout_s: float
    inter_digit_timeout_s: float
    secret: bool
    kind: str  # "menu" | "ask" | "confirm"


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Hand the contact to people. None for requirements or priority means: as the queue has it.

    `callback`: the number to dial once an agent accepts; the customer may go and keeps the place.
    """

    queue: str
    requirements: tuple[SkillRequirement, ...] | None = None
    priority: int | None = None
    preferred_agent: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class TransferOut:
    """Answer: Done, Failed. The destination is still to pass the outbound allow-list."""

    number: str


@dataclass(frozen=True, slots=True)
class TransferAgent:
    """Answer: Done, Failed."""

    agent: str


@dataclass(frozen=True, slots=True)
class RecordVoicemail:
    """Speak, then record until silence, a key, or `max_length_s`. Answer: Done, NoInput, Failed."""

    prompts: tuple[Prompt, ...]
    queue: str
    max_length_s: float
    silence_s: float


@dataclass(frozen=True, slots=True)
class AskSystem:
    """Ask an institution's own system, or have it do something. Answer: Answered, NotFound, Unavailable, Failed.

    `secrets` names the arguments that must reach no log and no screen. `key` is the same when a crash makes the step
    run again, and another each time the flow comes here anew. `waiting` is said when the answer takes its time.
    """

    connector: str
    operation: str
    arguments: Mapping[str, str | int | float | bool | None]
    secrets: frozenset[str]
    key: str
    waiting: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class HangUp:
    """The last effect. `reason`: "flow_ended", "flow_error", or the designer's word."""

    reason: str = "flow_ended"


Effect = Say | Gather | Enqueue | TransferOut | TransferAgent | RecordVoicemail | AskSystem | HangUp
