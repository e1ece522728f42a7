"""The telephone, put together: Asterisk's files, AMI and ARI, the switchboard, recording, listening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from ari_apps.ami import Ami
from ari_apps.ari import AriClient, AriError, ConnectionLost
from ari_apps.exchange import Exchange
from ari_apps.lines import KINDS, Lines
from ari_apps.live_calls import LiveCalls
from ari_apps.phones import Phones
from ari_apps.plan import OutboundRules, TelephonePlan
from ari_apps.speech import Speech
from ari_apps.switchboard import Switchboard
from ari_apps.telephone import Telephone
from contact_centre.access.models import User
from contact_centre.asterisk_installation import Installation, find_asterisk, find_espeak
from contact_centre.books import Books, open_books
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.one_instance import alone_with
from contact_centre.people import phones_of
from contact_centre.provision import RELOADS, provision
from contact_centre.secrets_file import ACCOUNT, Secrets, load_secrets
from contact_centre.settings import Settings
from contact_centre.sip_guard import SipGuard
from ivr_flows import Flows, Machine, Organisation
from recorder.disk import DiskWatch
from recorder.listening import Listening
from recorder.recording import Recorder
from recorder.vault import Vault
from voice_core.desk import Desk
from voice_core.errors import UnavailableError
from voice_core.news import LocalNews
from voice_core.ports import Change, Notice

APP = "centralita"
SWITCHBOARD_RETRY_S = 0.5
REACH_LIMIT_S = 45.0
REACH_AGAIN_S = 0.05
LAST_MODULES = ("res_pjsip.so", "chan_pjsip.so", "pbx_config.so", "res_stasis_device_state.so")

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

    @property
    def vault(self) -> Path:
        return self.settings.home / "recordings"

    def recorder(self, control: Ami | NoAmi) -> Recorder:
        return Recorder(
            desk=self.desk,
            news=self.news,
            clock=self.books.clock,
            engine=self.books.engine,
            vault=Vault(self.vault),
            spool=self.settings.recordings,
            control=control,
            audit=self.books.audit,
        )


class NoAmi:
    """Stands where AMI would while the centre runs without a telephone."""

    async def mix_monitor_mute(self, channel: str, on: bool) -> None:
        raise UnavailableError("There is no telephone system.")


@dataclass(frozen=True, slots=True)
class Telephony:
    """Running, and connected."""

    house: House
    installation: Installation
    speech: Speech
    ami: Ami
    board: Switchboard
    telephone: Telephone
    recorder: Recorder
    listening: Listening

    async def run_switchboard(self) -> None:
        """Until cancelled; begun anew when Asterisk failed it: it takes up what lives.

        Raises AriError when nothing will be told any more (another client took our application, events came too
        fast): a controller that is deaf ends, and its next life takes up every call.
        """
        while True:
            try:
                await self.board.run()
            except* AriError as errors:
                log.error("switchboard_ended", reason=str(errors.exceptions[0]))
                if self.board.exchange.ari.events().closed:
                    raise
            await asyncio.sleep(SWITCHBOARD_RETRY_S)

    async def channels(self) -> frozenset[str]:
        """Ids of those Asterisk has now."""
        return frozenset(channel.id for channel in await self.board.exchange.ari.channels.list())

    async def people_changed(self, changed: Sequence[User]) -> None:
        """Their telephones exist, or no longer do, from now on."""
        await _write(self.house.settings, self.house.centre, self.house.books, self.installation, self.speech)
        await self.reload()
        for phone in phones_of(changed):
            await self.board.watch_agent(phone.user)

    def guard(self) -> SipGuard:
        """To run beside the switchboard."""
        house = self.house
        hosts = [ip_network(host) for trunk in house.centre.trunks for host in trunk.hosts]
        return SipGuard(
            house.settings.asterisk_home, house.books.clock, hosts, lambda: self.ami.reload("acl")
        )

    def disk_watch(self) -> DiskWatch:
        """To run beside the recorder."""
        house = self.house
        return DiskWatch(
            spool=house.settings.recordings,
            others=(house.vault, house.settings.home),
            news=house.news,
            spoils=self.recorder.spoil,
            room=self._room_again,
        )

    async def _room_again(self) -> None:
        """What could not be written while the disk was full: recordings, and how calls ended."""
        await self.recorder.retry()
        await self.board.compare()

    async def reload(self) -> None:
        """Asterisk reads again what changed of its files: it knows best what it has read. Raises AmiError."""
        for module in RELOADS.values():
            await self.ami.reload(module)


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
        ami, ari, at_once = await _reach(house, stack)
        telephony = _join(house, installation, speech, ami, ari)
        lines = telephony.board.exchange.lines
        lines.seed(await house.books.queries.entries_since(lines.since(), KINDS))
        await telephony.reload()  # it may have read them while, or before, we wrote
        if at_once and (rest := sorted(written - RELOADS.keys())):
            log.warning("asterisk_restart_needed", files=rest)
        yield telephony


async def write_files(settings: Settings) -> frozenset[str]:
    """Asterisk's files for the people there are, without a running centre; the names of those that changed.

    Raises UnavailableError, InvalidInputError.
    """
    centre = load_centre(ensure_centre_file(settings))
    installation = find_asterisk()
    speech = Speech(settings.asterisk_home / "sounds", program=find_espeak() or "espeak-ng")
    async with open_books(settings, centre) as books:
        return await _write(settings, centre, books, installation, speech)


async def _write(
    settings: Settings, centre: Centre, books: Books, installation: Installation, speech: Speech
) -> frozenset[str]:
    """Asterisk's files for the people there are now: who writes last, of several processes, has read them last."""
    async with alone_with(settings.asterisk_home):
        phones = phones_of(await books.access.users())
        return await provision(settings, load_secrets(settings.home), centre, phones, installation, speech)


async def _reach(house: House, stack: AsyncExitStack) -> tuple[Ami, AriClient, bool]:
    """Both connections, waiting for an Asterisk that is just starting; and whether it was there at once."""
    settings, secrets, at_once = house.settings, house.secrets, True
    deadline = asyncio.get_running_loop().time() + REACH_LIMIT_S
    while True:
        ami = Ami("127.0.0.1", settings.ami_port, ACCOUNT, secrets.ami_password)
        client = AriClient.connect(settings.ari_url, ACCOUNT, secrets.ari_password, APP)
        try:
            async with AsyncExitStack() as attempt:
                await attempt.enter_async_context(ami)
                ari = await attempt.enter_async_context(client)
                await _booted(ari)
                await stack.enter_async_context(attempt.pop_all())
                return ami, ari, at_once
        except (UnavailableError, ConnectionLost) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise UnavailableError(f"Asterisk does not answer: {error}") from error
        at_once = False
        await asyncio.sleep(REACH_AGAIN_S)


async def _booted(ari: AriClient) -> None:
    """Raises UnavailableError while modules are still being loaded."""
    modules = {module.name: module.status for module in await ari.asterisk.list_modules()}
    if any(modules.get(name) != "Running" for name in LAST_MODULES):
        raise UnavailableError("it is still starting")


def _join(house: House, installation: Installation, speech: Speech, ami: Ami, ari: AriClient) -> Telephony:
    recorder, plan = house.recorder(ami), plan_of(house.centre)
    zone = ZoneInfo(house.centre.organisation.timezone)
    lines = Lines(plan.outbound, house.desk, house.books.clock, house.news, house.books.audit, zone)
    exchange = Exchange(
        ari=ari,
        desk=house.desk,
        machine=Machine(house.flows, organisation_of(house.centre)),
        speech=speech,
        contacts=house.books.contacts,
        recording=recorder,
        plan=plan,
        phones=Phones(APP),
        clock=house.books.clock,
        news=house.news,
        lines=lines,
    )
    board = Switchboard(exchange, lambda: [agent.id for agent in house.desk.agents()])
    return Telephony(
        house=house,
        installation=installation,
        speech=speech,
        ami=ami,
        board=board,
        telephone=Telephone(exchange, board),
        recorder=recorder,
        listening=Listening(ari, LiveCalls(board), house.desk),
    )


def _speech(house: House) -> Speech:
    def failed(reason: str) -> None:
        house.news.publish(Change(notices=(Notice("speech_failed", data={"reason": reason[:200]}),)))

    folder = house.settings.asterisk_home / "sounds"
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
