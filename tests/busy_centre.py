"""A centre made for load and measurement: a one-key menu, a way straight into the queue, no wrap-up, N agents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import rows
from tests.instance import LOOK_S, PASSWORD, TRUNK_HOST, Api, Instance, prepare, running

MENU_NUMBER = "201"  # a menu, then the queue
STRAIGHT_NUMBER = "202"  # the queue at once
SHORT_RING_NUMBER = "203"  # a queue that gives an agent three seconds to answer
SPOKEN_NUMBER = "204"  # a menu that waits half a second for a key, then the queue
QUEUE = "carga"
SEATED_TIMEOUT_S = 30.0

_CENTRE = """
organisation: {{name: Carga, timezone: America/La_Paz, country: BO, languages: [es], flows: carga}}
trunks:
  - {{name: prueba, kind: ip, hosts: ["{host}"], port: {port}, codecs: [ulaw, alaw]}}
numbers:
  - {{number: "{menu}", flow: menu, way_out: {{say: Nadie contesta.}}}}
  - {{number: "{straight}", flow: directo, way_out: {{say: Nadie contesta.}}}}
  - {{number: "{short_ring}", flow: breve, way_out: {{say: Nadie contesta.}}}}
  - {{number: "{spoken}", flow: hablado, way_out: {{say: Nadie contesta.}}}}
queues:
  - &carga
    name: {queue}
    label: {{es: Carga, en: Load}}
    wrap_up_s: 0
    ring_timeout_s: 20
    auto_pause_after_missed: 0
    announcements: {{every_s: 3600, place: false, expected_wait: false}}
    way_out: {{voicemail: null, callback: null}}
  - <<: *carga
    name: breve
    ring_timeout_s: 3
"""
_FLOWS = {
    "menu.yaml": """
title: {es: Menú}
languages: [es]
human: cola
steps:
  menu:
    menu:
      prompt: {es: Marque 1 para hablar con una persona.}
      options: {1: cola}
      otherwise: cola
  cola:
    queue: carga
""",
    "directo.yaml": """
title: {es: Directo}
languages: [es]
human: cola
steps:
  cola:
    queue: carga
""",
    "breve.yaml": """
title: {es: Breve}
languages: [es]
human: cola
steps:
  cola:
    queue: breve
""",
    "hablado.yaml": """
title: {es: Hablado}
languages: [es]
human: cola
steps:
  menu:
    menu:
      prompt: {es: Bienvenido.}
      options: {1: cola}
      timeout_s: 0.5
      attempts: 1
      otherwise: cola
  cola:
    queue: carga
""",
}


@dataclass(frozen=True, slots=True)
class BusyCentre:
    instance: Instance
    agents: tuple[Api, ...]
    secrets: dict[str, str]  # SIP user → secret

    async def everybody(self, state: str) -> None:
        await asyncio.gather(*(agent.put("/me/state", state=state) for agent in self.agents))


@asynccontextmanager
async def busy_centre(
    folder: Path, agents: int, more: str = "", **settings: str
) -> AsyncIterator[BusyCentre]:
    """Running, with agents `a0` … signed in and offline; their desk phones are not registered yet."""
    instance = prepared(folder, more, **settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(instance, people=("admin",)))
        admin = await stack.enter_async_context(Api(instance, "admin"))
        names = [f"a{number}" for number in range(agents)]
        for name in names:
            body = {"username": name, "name": name, "roles": ["agent"], "password": PASSWORD}
            await admin.post("/users", **body)
        signed_in = [await stack.enter_async_context(Api(instance, name)) for name in names]
        secrets = _phone_secrets(instance, names)
        await admin.until("/agents", lambda people: set(names) <= {agent["id"] for agent in people})
        await _known_to_asterisk(instance, names)
        yield BusyCentre(instance, tuple(signed_in), secrets)


async def _known_to_asterisk(instance: Instance, names: Sequence[str]) -> None:
    """People's phones may sign in: Asterisk has read them after the desk has."""
    wanted = {f"{name}-sip" for name in names}
    async with asyncio.timeout(SEATED_TIMEOUT_S):
        while not wanted <= set((await instance.asterisk("pjsip show auths")).replace("/", " ").split()):
            await asyncio.sleep(LOOK_S)


def _phone_secrets(instance: Instance, names: Sequence[str]) -> dict[str, str]:
    """SIP user → secret, all at one look: a command line for each of forty agents takes half a minute."""
    known = dict(rows(instance, "SELECT username, phone_secret FROM users"))
    return {f"{name}-sip": known[name] for name in names}


def prepared(folder: Path, more: str = "", **settings: str) -> Instance:
    """`more`: further parts of the centre file."""
    flows, home = folder / "flows" / "carga", folder / "home"
    flows.mkdir(parents=True)
    for name, text in _FLOWS.items():
        (flows / name).write_text(text.lstrip())
    instance = prepare(
        home, flows_folder=str(folder / "flows"), rtp_start="10000", rtp_end="11999", **settings
    )
    home.mkdir(mode=0o700, exist_ok=True)  # a test may have put a disk of its own there
    place = {"host": TRUNK_HOST, "port": instance.trunk_port, "queue": QUEUE}
    numbers = {
        "menu": MENU_NUMBER,
        "straight": STRAIGHT_NUMBER,
        "short_ring": SHORT_RING_NUMBER,
        "spoken": SPOKEN_NUMBER,
    }
    text = _CENTRE.format(**numbers, **place)
    (home / "centre.yaml").write_text(text.lstrip() + more)
    return instance
