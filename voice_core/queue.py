"""A queue: how contacts wait and what is done about it. From the centre file, fixed while running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from voice_core.interaction import SkillRequirement


class OverflowWhen(StrEnum):
    ALWAYS = "always"  # after so long, whatever the cause
    NO_AGENTS = "no_agents"  # only while nobody signed in could ever fit


@dataclass(frozen=True, slots=True)
class Overflow:
    """After `after_s` waiting, and when the condition holds, move on. Checked again while waiting."""

    after_s: float
    when: OverflowWhen = OverflowWhen.ALWAYS
    to_queue: str | None = None
    to_flow: str | None = None


@dataclass(frozen=True, slots=True)
class Announcements:
    """What a waiting caller hears between the music. By language; `{place}`, `{minutes}` are filled in."""

    every_s: float = 30.0
    place: bool = True
    expected_wait: bool = True
    comfort: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language → messages in turn


@dataclass(frozen=True, slots=True)
class QueueConfig:
    name: str
    label: Mapping[str, str] = field(default_factory=dict)  # language → text shown to people
    requirements: tuple[SkillRequirement, ...] = ()
    priority: int = 0
    ageing_per_minute: float = 1.0  # priority points a contact gains for each minute it waits
    ring_timeout_s: float = 15.0
    wrap_up_s: float = 20.0
    pause_after_missed: int = 2  # offers missed in a row before the agent is paused; 0 = never
    service_level_s: float = 20.0  # T of the service level (K-L)
    music: str = "default"  # music on hold class
    announcements: Announcements = field(default_factory=Announcements)
    voicemail_key: str | None = "1"
    callback_key: str | None = "2"
    overflow: tuple[Overflow, ...] = ()
