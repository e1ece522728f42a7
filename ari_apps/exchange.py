"""Everything a call needs to be lived, in one hand; made by the composition root."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ari_apps.ari import AriClient
from ari_apps.lines import Lines
from ari_apps.phones import Phones
from ari_apps.plan import TelephonePlan
from ari_apps.ports import Connectors, Contacts, Keeping, NoConnectors, Recording
from ari_apps.routes import Routes
from ari_apps.speech import Speech
from ivr_flows.machine import Machine
from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.ports import News


@dataclass(frozen=True, slots=True)
class Exchange:
    ari: AriClient
    desk: Desk
    machine: Machine
    speech: Speech
    contacts: Contacts
    recording: Recording
    plan: TelephonePlan
    phones: Phones
    clock: Clock
    news: News
    lines: Lines
    keeping: Keeping
    connectors: Connectors = field(default_factory=NoConnectors)
    routes: Routes = field(default_factory=Routes)
    rooms: set[str] = field(default_factory=set)  # queues' bridges that exist and play
    waiting: dict[str, set[str]] = field(default_factory=dict)  # calls in each, or on their way in
    connected: asyncio.Event = field(default_factory=asyncio.Event)  # Asterisk is there, and compared with
