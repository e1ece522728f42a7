"""The telephone engine alone on a real Asterisk: desk and router in memory, scripted callers and phones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ari_apps.ari import AriClient, Snapshot
from ari_apps.exchange import Exchange
from ari_apps.lines import Lines
from ari_apps.live_calls import LiveCalls
from ari_apps.nodes import Nodes
from ari_apps.phones import Phones
from ari_apps.plan import OutboundRules, TelephonePlan
from ari_apps.ports import Caller, Connectors, NoConnectors
from ari_apps.presenter import TaskPresenter
from ari_apps.speech import Speech
from ari_apps.switchboard import COMPARE_EVERY_S, READ, Switchboard
from ari_apps.telephone import Telephone
from contact_centre.asterisk_installation import find_espeak
from contact_centre.scripted_caller import Call, Line, Sound
from contact_centre.scripted_caller.hearing import judge
from ivr_flows import Machine, Organisation, load_flows
from ivr_flows.effects import Prompt
from tests.asterisk.box import AsteriskBox
from voice_core.agent import Agent, AgentState
from voice_core.clock import SystemClock
from voice_core.desk import Desk
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry
from voice_core.news import LocalNews
from voice_core.queue import Announcements, QueueConfig
from voice_core.router import Router
from voice_core.store.memory import MemoryStore


class Kept(dict[str, dict[str, str]]):
    """Asterisk's own database, in memory: family → key → value."""

    async def kept(self, family: str) -> dict[str, str]:
        return dict(self.get(family, {}))

    async def forget(self, family: str, key: str) -> None:
        self.get(family, {}).pop(key, None)


FLOW = """
title: {es: Prueba}
languages: [es]
human: soporte
steps:
  entrada:
    menu:
      prompt: Marque uno para soporte o cuatro para un mensaje.
      options: {1: soporte, 4: mensaje, 5: devolver, 7: fuera, 8: lejos, 9: ana}
      attempts: 2
      timeout_s: 2
  soporte:
    queue: {name: soporte, data: {motivo: prueba}}
  mensaje:
    voicemail: {queue: soporte, prompt: Hable., silence_s: 2, max_length_s: 20}
    next: adios
  devolver:
    callback: {queue: soporte, failed: adios}
  fuera:
    transfer: {number: "0991234567"}
    next: adios
  lejos:
    transfer: {number: "0012025550100"}
    next: adios
  ana:
    transfer: {agent: ana}
    next: adios
  adios:
    say: Adiós.
  fin:
    hang_up: listo
"""

OVERFLOW_FLOW = """
title: {es: Todos ocupados}
languages: [es]
steps:
  aviso:
    say: "Agentes libres: {{ queues.soporte.agents_available }}. Llame más tarde, por favor."
  fin:
    hang_up: ocupados
"""

PAYMENT_FLOW = """
title: {es: Pago}
languages: [es]
human: persona
steps:
  monto:
    ask: {prompt: Cuánto desea pagar., into: monto, kind: money, maximum: 50}
  confirma:
    confirm: {value: monto, as: money}
  persona:
    queue: soporte
"""

CUSTOMER = "+593991112223"
TIMEOUT_S = 10.0


@dataclass
class Book:
    """The contacts, in memory."""

    known: dict[str, Caller] = field(default_factory=lambda: {CUSTOMER: Caller("c1", "Rosa Paz")})

    async def find_by_number(self, number: str) -> Caller:
        return self.known.get(number, Caller())


@dataclass
class Tapes:
    """The recordings, in memory."""

    begun: list[tuple[str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    messages: list[tuple[str, str, int]] = field(default_factory=list)

    async def started(self, interaction_id: str, channel_id: str) -> None:
        self.begun.append((interaction_id, channel_id))

    async def finished(self, interaction_id: str) -> None:
        self.done.append(interaction_id)

    async def voicemail_left(self, task_id: str, name: str, seconds: int) -> None:
        self.messages.append((task_id, name, seconds))


@dataclass
class AuditTwin:
    """The audit log, in memory: (actor, action, target, data)."""

    entries: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)

    async def record(
        self, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None
    ) -> None:
        self.entries.append((actor, action, target, dict(data or {})))


class Words(Speech):
    """Speech that remembers what it was asked to say: each list is one announcement's texts."""

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder, program=program)
        self.said: list[list[str]] = []

    async def media(self, prompts: Sequence[Prompt]) -> list[str]:
        self.said.append([prompt.text or "" for prompt in prompts])
        return await super().media(prompts)

    def after(self, text: str) -> list[list[str]]:
        """The announcements that hold this text."""
        return [said for said in self.said if text in said]


@dataclass
class Rig:
    box: AsteriskBox
    ari: AriClient
    desk: Desk
    store: MemoryStore
    switchboard: Switchboard
    telephone: Telephone
    tapes: Tapes
    live_calls: LiveCalls
    stack: AsyncExitStack
    running: list[asyncio.Task[None]]
    words: Words
    at_rest: Counter[str]  # the tasks that run with nobody on the line
    audit: AuditTwin
    news: LocalNews

    async def caller(self, number: str = "101", *, keys: str = "", from_number: str = CUSTOMER) -> Call:
        """Someone dials the trunk; `keys` are pressed once answered."""
        line = await self.stack.enter_async_context(Line("127.0.0.2", server=self.box.server))
        call = await line.call(number, from_number=from_number)
        await call.answered(timeout_s=TIMEOUT_S)
        call.play_tone(440)
        if keys:
            await call.send_digits(keys)
        return call

    async def phone(self, user: str, *, available: bool = True) -> Line:
        """A SIP phone of an agent, registered; the agent is available unless told otherwise."""
        line = await self.stack.enter_async_context(Line("127.0.0.1", server=self.box.server))
        await line.register(f"{user}-sip", self.box.phones[user].sip_password)
        await self.until(lambda: bool(self.switchboard.exchange.phones.online(user)), "the phone is seen")
        if available:
            await self.desk.set_state(user, AgentState.AVAILABLE, actor=user)
        return line

    async def phone_available(self, user: str) -> None:
        await self.desk.set_state(user, AgentState.AVAILABLE, actor=user)

    async def outside(self) -> Line:
        """The telephone network: answers what goes out through the trunk."""
        return await self.stack.enter_async_context(
            Line("127.0.0.2", server=self.box.server, port=self.box.settings.trunk_port)
        )

    async def talking(self, user: str = "ana") -> tuple[Call, Line, Call, Interaction]:
        """(caller, the agent's line, the agent's call, the contact) once they talk."""
        line = await self.phone(user)
        caller = await self.caller(keys="1")
        rung = await line.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        contact = await self.stage(Stage.TALKING)
        await self.until(lambda: self._bridged(contact.id), "both are in the conversation")
        return caller, line, rung, contact

    def _bridged(self, interaction_id: str) -> bool:
        call = self.switchboard.call(interaction_id)
        return call is not None and call.agent is not None and call.customer is not None

    def only(self) -> Interaction:
        calls = [row for row in self.desk.live() if row.channel == "voice" and row.stage is not Stage.WRAP_UP]
        assert len(calls) == 1, calls
        return calls[0]

    async def stage(self, stage: Stage) -> Interaction:
        """Wait until the one call is there."""
        await self.until(lambda: any(row.stage is stage for row in self.desk.live()), f"stage {stage}")
        return next(row for row in self.desk.live() if row.stage is stage)

    async def ended(self, interaction_id: str) -> Interaction:
        """Wait until the contact is over and its call is no more."""
        async with asyncio.timeout(TIMEOUT_S):
            row = await self.store.interaction(interaction_id)
            while row is None or row.end_reason is None:
                row = await self.desk.changed(interaction_id, row.version if row else 0)
        await self.until(lambda: self.switchboard.call(interaction_id) is None, "the call's task has ended")
        return row

    async def room(self, queue: str) -> set[str]:
        """The channels that wait in a queue's bridge."""
        rooms = [bridge for bridge in (await self.ari.snapshot()).bridges if bridge.id == f"queue.{queue}"]
        return {channel for bridge in rooms for channel in bridge.channels}

    async def kinds(self, interaction_id: str) -> list[str]:
        return [entry.kind.value for entry in await self.entries(interaction_id)]

    async def entries(self, interaction_id: str) -> list[Entry]:
        return list(await self.store.entries(interaction_id))

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Look again after every change; the deadline is the test's."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not in time: {what}") from None

    async def until_asterisk(self, condition: Callable[[Snapshot], bool], what: str) -> None:
        """Ask Asterisk again until what lives there is so."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not condition(await self.ari.snapshot()):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not in time: {what}") from None

    async def killed(self) -> AsyncExitStack:
        """As by kill -9: from now on nothing of this rig's reaches Asterisk or the store. Its people are returned."""
        self.store = deepcopy(self.store)  # what its tasks still write as they end was never written
        assert self.ari._reader is not None
        dead = [self.ari._reader, *self.running]
        for task in dead:
            task.cancel()
        await asyncio.wait(dead)
        return self.stack.pop_all()

    async def nothing_left(self) -> None:
        """No channel, no bridge but the queues' rooms, no route, no call, no task but those at rest."""
        left: list[object] = []
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while left := await self._left():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"left behind: {left}") from None

    async def _left(self) -> list[object]:
        seen = await self.ari.snapshot()
        return [
            *(channel.id for channel in seen.channels),
            *(bridge.id for bridge in seen.bridges if not bridge.id.startswith("queue.")),
            *self.switchboard.exchange.routes.claimed(),
            *(call.id for call in self.switchboard.calls()),
            *(_tasks() - self.at_rest).elements(),
        ]


def _tasks() -> Counter[str]:
    """What runs, by coroutine; without this one, and without the scripted telephones' own."""
    current = asyncio.current_task()
    running = [task.get_coro() for task in asyncio.all_tasks() if task is not current]
    return Counter(
        coroutine.__qualname__
        for coroutine in running
        if isinstance(coroutine, Coroutine) and "aiosipua" not in coroutine.cr_code.co_filename
    )


async def hears_music(call: Call, within_s: float = 8.0) -> None:
    """New sound, and it is music: what was heard before does not count."""
    async with asyncio.timeout(within_s):
        while judge(await call.listen(1.0)) is not Sound.MUSIC:
            pass


async def hears_speech(call: Call, within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while judge(await call.listen(0.6)) is not Sound.SPEECH:
            pass


def plan(
    flows: dict[str, str] | None = None, *, otra: Announcements | None = None, **queue: object
) -> TelephonePlan:
    """The queues `soporte`, as told by `queue`, and `otra`, which announces nothing unless told."""
    announcements = Announcements(every_s=0)
    config = QueueConfig(
        name="soporte",
        **{"announcements": announcements, "wrap_up_s": 0, "ring_timeout_s": 5, **queue},  # type: ignore[arg-type]
    )
    return TelephonePlan(
        numbers={"101": "prueba"} if flows is None else flows,
        queues={
            "soporte": config,
            "otra": QueueConfig(name="otra", announcements=otra or announcements, wrap_up_s=0),
        },
        outbound=OutboundRules("trunk-demo", ("09", "+5939"), "101", ring_timeout_s=8),
        node="test",
    )


@asynccontextmanager
async def rig_on(
    box: AsteriskBox,
    folder: Path,
    telephone_plan: TelephonePlan | None = None,
    store: MemoryStore | None = None,
    ari_port: int | None = None,
    compare_every_s: float = COMPARE_EVERY_S,
    tapes: Tapes | None = None,
    flow: str = FLOW,
    connectors: Connectors | None = None,
) -> AsyncIterator[Rig]:
    """Everything of the telephone, running; on what an earlier one has stored, if given.

    `ari_port`: where Asterisk's ARI is reached, when not straight. `tapes`: recordings of a kind of their own.
    `flow`: what the caller of 101 hears. `connectors`: the institution's own systems.
    """
    telephone_plan = telephone_plan or plan()
    flows = folder / "flows"
    flows.mkdir(exist_ok=True)
    (flows / "prueba.yaml").write_text(flow)
    (flows / "ocupados.yaml").write_text(OVERFLOW_FLOW)
    (flows / "pago.yaml").write_text(PAYMENT_FLOW)
    clock, news, store = SystemClock(), LocalNews(), store or MemoryStore()
    desk = Desk(store, news, clock, telephone_plan.queues)
    await desk.load()
    for user in ("ana", "luis", "sofia"):
        await desk.put_agent(Agent(user, user.title()))
    tapes, audit = tapes or Tapes(), AuditTwin()
    words = Words(box.settings.asterisk_home / "sounds" / "spoken", find_espeak() or "espeak-ng")
    url = f"http://127.0.0.1:{ari_port or box.settings.asterisk_http_port}/ari"
    async with (
        AriClient.connect(url, *box.ari_user, "centralita", reads=READ) as ari,
        AsyncExitStack() as stack,
    ):
        exchange = Exchange(
            ari=ari,
            desk=desk,
            machine=Machine(load_flows(flows), Organisation("Prueba")),
            speech=words,
            contacts=Book(),
            recording=tapes,
            plan=telephone_plan,
            phones=Phones(telephone_plan.app),
            clock=clock,
            news=news,
            lines=Lines(telephone_plan.outbound, desk, clock, news, audit, ZoneInfo("America/Guayaquil")),
            keeping=Kept(),
            connectors=connectors or NoConnectors(),
        )
        exchange.lines.seed(store.ledger)
        switchboard = Switchboard(
            exchange, lambda: [agent.id for agent in desk.agents()], compare_every_s=compare_every_s
        )
        router = Router(
            desk, telephone_plan.queues, {"voice": switchboard.presenter, "task": TaskPresenter()}, clock
        )
        running = [asyncio.create_task(switchboard.run())]
        nodes = Nodes([switchboard])
        telephone, calls = Telephone(nodes), LiveCalls(nodes)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await switchboard.ready.wait()
            running.append(asyncio.create_task(router.run()))
            yield Rig(
                box,
                ari,
                desk,
                store,
                switchboard,
                telephone,
                tapes,
                calls,
                stack,
                running,
                words,
                _tasks(),
                audit,
                news,
            )
        finally:
            await stack.aclose()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
