"""The telephone, put together: Asterisk's files, AMI and ARI, the switchboard, recording, listening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from ari_apps.ari import AriError
from ari_apps.exchange import Exchange
from ari_apps.lines import KINDS, Lines
from ari_apps.live_calls import LiveCalls
from ari_apps.nodes import Nodes
from ari_apps.phones import Phones
from ari_apps.plan import OutboundRules, TelephonePlan
from ari_apps.ports import Connectors
from ari_apps.speech import Speech
from ari_apps.switchboard import Switchboard
from ari_apps.telephone import Telephone
from contact_centre.access.models import User
from contact_centre.asterisk_installation import Installation, find_asterisk, find_espeak
from contact_centre.books import Books, open_books
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.nodes import APP, Node, RecordingControl, reach, reload_those_there
from contact_centre.one_instance import alone_with
from contact_centre.people import phones_of
from contact_centre.provision import RELOADS, provision
from contact_centre.secrets_file import Secrets, load_secrets
from contact_centre.settings import Settings
from contact_centre.sip_guard import SipGuard
from ivr_flows import Flows, Machine, Organisation
from recorder.disk import DiskWatch
from recorder.listening import Listening
from recorder.ports import MixMonitorControl
from recorder.recording import Recorder
from recorder.vault import Vault
from voice_core.any_event import any_set
from voice_core.desk import Desk
from voice_core.errors import UnavailableError
from voice_core.news import LocalNews
from voice_core.ports import Change, Notice

SWITCHBOARD_RETRY_S = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What the telephone stands on."""

    settings: Settings
    secrets: Secrets
    centre: Centre
    flows: Flows
    books: Books
    desk: Desk
    news: LocalNews
    connectors: Connectors

    @property
    def vault(self) -> Path:
        return self.settings.home / "recordings"

    def recorder(self, control: MixMonitorControl) -> Recorder:
        spool, *other_spools = (node.recordings for node in self.settings.each_node())
        return Recorder(
            desk=self.desk,
            news=self.news,
            clock=self.books.clock,
            engine=self.books.engine,
            vault=Vault(self.vault),
            spool=spool,
            other_spools=other_spools,
            control=control,
            audit=self.books.audit,
        )


class NoAmi:
    """Stands where AMI would while the centre runs without a telephone."""

    async def mix_monitor_mute(self, channel: str, on: bool) -> None:
        raise UnavailableError("There is no telephone system.")


@dataclass(frozen=True, slots=True)
class Telephony:
    """Running, and connected: `nodes` in the order of `boards`."""

    house: House
    installation: Installation
    speech: Speech
    nodes: tuple[Node, ...]
    boards: Nodes
    telephone: Telephone
    recorder: Recorder
    listening: Listening

    def jobs(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """To run beside everything else."""
        jobs = {"listening": self.listening.run(), "disk": self._disk_watch().run()}
        for node, board in zip(self.nodes, self.boards, strict=True):
            jobs[f"switchboard {node.name}"] = self._run_switchboard(board)
            jobs[f"sip guard {node.name}"] = self._guard(node).run()
        return jobs

    async def taken_up(self) -> None:
        """Wait until the calls of every node that is there have been taken up; of one at least."""
        for node, board in zip(self.nodes, self.boards, strict=True):
            if node.there:
                await board.settled.wait()
        await any_set(board.ready for board in self.boards)

    async def _run_switchboard(self, board: Switchboard) -> None:
        """Until cancelled; begun anew when Asterisk failed it: it takes up what lives.

        Raises AriError when nothing will be told any more (another client took our application, events came too
        fast): a controller that is deaf ends, and its next life takes up every call.
        """
        while True:
            try:
                await board.run()
            except* AriError as errors:
                log.error("switchboard_ended", reason=str(errors.exceptions[0]))
                if board.exchange.ari.events().closed:
                    raise
            await asyncio.sleep(SWITCHBOARD_RETRY_S)

    async def channels(self) -> frozenset[str]:
        """Ids of those the Asterisks have now."""
        there = [node.ari for node in self.nodes if node.there]
        return frozenset({channel.id for ari in there for channel in await ari.channels.list()})

    async def people_changed(self, changed: Sequence[User]) -> None:
        """Their telephones exist, or no longer do, from now on."""
        await _write(self.house.settings, self.house.centre, self.house.books, self.installation, self.speech)
        await reload_those_there(self.nodes)
        for board in self.boards:
            for phone in phones_of(changed):
                if board.connected or len(self.nodes) == 1:  # one that comes back looks at all of them
                    await board.watch_agent(phone.user)

    def _guard(self, node: Node) -> SipGuard:
        house = self.house
        hosts = [ip_network(host) for trunk in house.centre.trunks for host in trunk.hosts]
        hosts += [ip_network(other.settings.sip_host) for other in self.nodes if other is not node]
        return SipGuard(node.settings.asterisk_home, house.books.clock, hosts, lambda: node.ami.reload("acl"))

    def _disk_watch(self) -> DiskWatch:
        house = self.house
        spool, *other_spools = (node.settings.recordings for node in self.nodes)
        return DiskWatch(
            spool=spool,
            other_spools=other_spools,
            others=(house.vault, house.settings.home),
            news=house.news,
            spoils=self.recorder.spoil,
            room=self._room_again,
        )

    async def _room_again(self) -> None:
        """What could not be written while the disk was full: recordings, and how calls ended."""
        await self.recorder.retry()
        for board in self.boards:
            await board.compare()
            board.spawn(board.compare_again())


@asynccontextmanager
async def open_telephony(house: House, files_written: Callable[[], None]) -> AsyncIterator[Telephony]:
    """Asterisk's files are written, and it is reached while the context is open; who runs it is told by `files_written`.

    Raises UnavailableError, InvalidInputError.
    """
    settings, installation = house.settings, find_asterisk()
    speech = _speech(house)
    written = await _write(settings, house.centre, house.books, installation, speech)
    files_written()
    async with AsyncExitStack() as stack:
        nodes = await reach(settings, house.secrets, stack)
        telephony = _join(house, installation, speech, nodes)
        lines = telephony.boards.exchange.lines
        lines.seed(await house.books.queries.entries_since(lines.since(), KINDS))
        # They may have read their files before, or while, we wrote.
        await reload_those_there([node for node in nodes if node.there])
        for node in nodes:
            if node.at_once and (rest := sorted(written[node.name] - RELOADS.keys())):
                log.warning("asterisk_restart_needed", node=node.name, files=rest)
        yield telephony


async def write_files(settings: Settings) -> Mapping[str, frozenset[str]]:
    """Asterisk's files for the people there are, without a running centre; by node, the names of those that changed.

    Raises UnavailableError, InvalidInputError.
    """
    centre = load_centre(ensure_centre_file(settings))
    installation = find_asterisk()
    speech = Speech(settings.shared / "sounds", program=find_espeak() or "espeak-ng")
    async with open_books(settings, centre) as books:
        return await _write(settings, centre, books, installation, speech)


async def _write(
    settings: Settings, centre: Centre, books: Books, installation: Installation, speech: Speech
) -> Mapping[str, frozenset[str]]:
    """Asterisk's files for the people there are now: who writes last, of several processes, has read them last."""
    async with alone_with(settings.shared):
        phones, secrets = phones_of(await books.access.users()), load_secrets(settings.home)
        return {
            node.node: await provision(node, secrets, centre, phones, installation, speech)
            for node in settings.each_node()
        }


def _join(house: House, installation: Installation, speech: Speech, nodes: tuple[Node, ...]) -> Telephony:
    plan = plan_of(house.centre)
    plans = [replace(plan, node=node.name, nodes=house.settings.node_names) for node in nodes]
    recorder = house.recorder(RecordingControl(list(zip(plans, (node.ami for node in nodes), strict=True))))
    zone = ZoneInfo(house.centre.organisation.timezone)
    lines = Lines(plan.outbound, house.desk, house.books.clock, house.news, house.books.audit, zone)
    machine = Machine(house.flows, organisation_of(house.centre))
    boards = Nodes(
        [
            _board(house, node, plan, recorder, lines, machine, speech)
            for node, plan in zip(nodes, plans, strict=True)
        ]
    )
    return Telephony(
        house=house,
        installation=installation,
        speech=speech,
        nodes=nodes,
        boards=boards,
        telephone=Telephone(boards),
        recorder=recorder,
        listening=Listening(LiveCalls(boards), house.desk),
    )


def _board(
    house: House, node: Node, plan: TelephonePlan, recorder: Recorder, lines: Lines, machine: Machine,
    speech: Speech,
) -> Switchboard:  # fmt: skip
    exchange = Exchange(
        ari=node.ari,
        desk=house.desk,
        machine=machine,
        speech=speech,
        contacts=house.books.contacts,
        recording=recorder,
        plan=plan,
        phones=Phones(APP),
        clock=house.books.clock,
        news=house.news,
        lines=lines,
        keeping=node.ami,
        connectors=house.connectors,
    )
    board = Switchboard(exchange, lambda: [agent.id for agent in house.desk.agents()])
    board.on_back = node.reload
    return board


def _speech(house: House) -> Speech:
    def failed(reason: str) -> None:
        house.news.publish(Change(notices=(Notice("speech_failed", data={"reason": reason[:200]}),)))

    folder = house.settings.shared / "sounds"
    return Speech(folder, program=find_espeak() or "espeak-ng", on_failure=failed)


def organisation_of(centre: Centre) -> Organisation:
    """The organisation as flows know it."""
    part = centre.organisation
    return Organisation(
        name=part.name,
        timezone=part.timezone,
        country=part.country,
        languages=part.languages,
        default_language=part.default_language,
    )


def plan_of(centre: Centre) -> TelephonePlan:
    """The centre file as the telephone knows it."""
    out = centre.outbound
    rules = OutboundRules()
    if out is not None:
        rules = OutboundRules(
            trunk=f"trunk-{out.trunk}",
            allowed_prefixes=out.allowed_destinations,
            caller_id=out.caller_id or "",
            caps=out.rules(),
        )
    return TelephonePlan(
        numbers={entry.number: entry.flow for entry in centre.numbers},
        queues=centre.queue_configs(),
        outbound=rules,
        default_language=centre.organisation.default_language,
        app=APP,
    )
