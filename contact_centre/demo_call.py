"""`centralita demo-call`: a real SIP call over the demo trunk, told as caller and ledger live it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, Self

import numpy as np
import soxr
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_centre.asterisk_installation import find_espeak
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.demo_words import heard, ledger_line, step
from contact_centre.scripted_caller import Call, CallRefusedError, CallState, CallTimeoutError, Line, Sound
from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Samples
from contact_centre.settings import Settings
from voice_core.errors import CentralitaError
from voice_core.ledger import Entry, Kind
from voice_core.store.database import open_database
from voice_core.store.queries import Filter, Queries
from voice_core.store.sql import SqlStore

ALIVE_TIMEOUT_S = 4.0  # for the first sign that somebody listens on the SIP port
ANSWER_TIMEOUT_S = 30.0
PROMPT_TIMEOUT_S = 15.0  # for a menu to start speaking before a key is pressed all the same
SPEECH_TIMEOUT_S = 20.0
LEDGER_LOOK_S = 0.25
LAST_LINES_S = 2.0  # the ledger's last lines come after the BYE
KEY_PAUSE_S = 1.0
SOUND_LOOK_S = 0.5
AGENT_TIMEOUT_S = 3600.0
KEYS = "0123456789*#ABCDabcd"


class LedgerView(Protocol):
    """What the demo reads of the running instance."""

    async def entries_of(self, from_number: str) -> Sequence[Entry]:
        """All lines so far of the contact opened by this caller number; empty before it exists."""


@dataclass(frozen=True, slots=True)
class Story:
    """The ledger's side of one call."""

    ledger: LedgerView
    from_number: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller does. `press`: keys, one for each prompt that is heard."""

    number: str
    press: str = ""
    say: str = ""
    tone: bool = False
    hang_up_after_s: float = 120.0
    from_number: str = ""
    language: str = "es"


@dataclass(slots=True)
class Teller:
    """Prints one line a happening, with the seconds since the start."""

    language: str
    write: Callable[[str], None]
    _start: float = field(default_factory=time.monotonic)

    def tell(self, name: str, **data: object) -> None:
        self.line("☎", step(name, self.language, **data))

    def line(self, mark: str, text: str) -> None:
        self.write(f"{time.monotonic() - self._start:6.1f} s  {mark} {text}")

    def fail(self, name: str, **data: object) -> int:
        self.write(step(name, self.language, **data))
        return 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the call goes in and which numbers exist there."""

    trunk_host: str
    server: tuple[str, int]
    numbers: tuple[str, ...]


async def demo_call(
    settings: Settings,
    number: str,
    *,
    press: str = "",
    say: str = "",
    tone: bool = False,
    hang_up_after_s: float = 120.0,
    from_number: str = "",
    language: str = "es",
) -> int:
    """The command: lines on standard output, a refusal on standard error. Returns the exit code."""
    script = Script(number, press, say, tone, hang_up_after_s, from_number, language)
    numbers = tuple(each.number for each in load_centre(ensure_centre_file(settings)).numbers)
    place = Place(settings.trunk_host, (settings.sip_host, settings.sip_port), numbers)
    async with _StoredLedger(settings.database) as ledger:
        return await run_demo_call(
            script, place, ledger, write=partial(print, flush=True), complain=partial(print, file=sys.stderr)
        )


async def run_demo_call(
    script: Script,
    place: Place,
    ledger: LedgerView,
    write: Callable[[str], None],
    complain: Callable[[str], None],
) -> int:
    """Place the call and tell it. 0 when it was answered, 1 with one sentence (to `complain`) otherwise."""
    teller = Teller(script.language, write)
    refusals = Teller(script.language, complain)
    if wrong := next((key for key in script.press if key not in KEYS), None):
        return refusals.fail("not_a_key", digit=wrong)
    try:
        speech = await spoken(script.say, script.language) if script.say else None
    except (OSError, TimeoutError):
        return refusals.fail("no_voice")
    caller = script.from_number or f"0999{secrets.randbelow(10**6):06d}"
    try:
        async with Line(place.trunk_host, server=place.server) as line:
            teller.tell("dialling", number=script.number, caller=caller)
            call = await line.call(script.number, from_number=caller)
            try:
                await _picked_up(call, teller)
            except (CallTimeoutError, CallRefusedError) as error:
                return _refusal(error, call, script, place, refusals)
            await _live(call, script, speech, Story(ledger, caller), teller)
            return 0
    except OSError as error:
        return refusals.fail("no_address", host=place.trunk_host, why=error.strerror or str(error))


async def spoken(text: str, language: str) -> Samples:
    """`text` by espeak-ng, at 8 kHz. Raises OSError when it is missing, TimeoutError when it hangs."""
    voice = "en-us+f3" if language == "en" else "es-419+f3"
    process = await asyncio.create_subprocess_exec(
        find_espeak() or "espeak-ng",
        "-v",
        voice,
        "--stdin",
        "--stdout",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SPEECH_TIMEOUT_S):
            out, _ = await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    rate = int.from_bytes(out[24:28], "little")
    if not rate:
        raise OSError("espeak-ng gave no sound")
    samples = np.frombuffer(out[44 : 44 + (len(out) - 44) // 2 * 2], dtype="<i2").astype(np.float32)
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), dtype=np.int16)


class _StoredLedger:
    """Reads the running instance's store; opened at the first look, when a call proved that it runs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: AsyncEngine | None = None
        self._contact = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._engine is not None:
            await self._engine.dispose()

    async def entries_of(self, from_number: str) -> Sequence[Entry]:
        if self._engine is None:
            self._engine = await open_database(self._url)
        if not self._contact:
            found = await Queries(self._engine).search(Filter(channel="voice", text=from_number), page_size=1)
            if not found.items:
                return []
            self._contact = found.items[0].id
        return await SqlStore(self._engine).entries(self._contact)


async def _picked_up(call: Call, teller: Teller) -> None:
    await call.reached(ALIVE_TIMEOUT_S)
    await call.ringing(ANSWER_TIMEOUT_S)
    if call.state is CallState.RINGING:
        teller.tell("ringing")
    await call.answered(ANSWER_TIMEOUT_S)
    teller.tell("answered")


def _refusal(
    error: CallTimeoutError | CallRefusedError, call: Call, script: Script, place: Place, refusals: Teller
) -> int:
    if isinstance(error, CallTimeoutError):
        if call.was_reached:
            return refusals.fail("no_answer", number=script.number, seconds=int(ANSWER_TIMEOUT_S))
        return refusals.fail("nobody", host=place.server[0], port=place.server[1])
    if error.status in (404, 484, 604):
        return refusals.fail("unknown_number", number=script.number, numbers=", ".join(place.numbers))
    name = "busy" if error.status in (486, 600) else "refused"
    return refusals.fail(name, number=script.number, status=error.status, reason=error.data.get("reason", ""))


async def _live(call: Call, script: Script, speech: Samples | None, story: Story, teller: Teller) -> None:
    """The call from answer to end, with three watchers beside it."""
    answered_by_agent = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watchers = [
            group.create_task(_tell_ledger(story, teller, answered_by_agent)),
            group.create_task(_tell_sounds(call, teller)),
            group.create_task(_act(call, script, speech, teller, answered_by_agent)),
        ]
        try:
            await call.hung_up(script.hang_up_after_s)
            teller.tell("they_hung_up")
        except CallTimeoutError:
            teller.tell("hanging_up")
            call.hang_up()
        for watcher in watchers[1:]:
            watcher.cancel()
        await asyncio.wait(watchers[:1], timeout=LAST_LINES_S)
        watchers[0].cancel()


async def _tell_ledger(story: Story, teller: Teller, answered: asyncio.Event) -> None:
    """Print what is new until the contact is closed: another process's store tells nothing by itself."""
    told = 0
    while True:
        try:
            entries = await story.ledger.entries_of(story.from_number)
        except CentralitaError as error:
            teller.line("!", str(error))
            return
        for entry in entries[told:]:
            teller.line("▪", ledger_line(entry, teller.language))
            if entry.kind is Kind.ACCEPTED:
                answered.set()
            if entry.kind is Kind.CLOSED:
                return
        told = len(entries)
        await asyncio.sleep(LEDGER_LOOK_S)


async def _tell_sounds(call: Call, teller: Teller) -> None:
    """Print when the kind of sound changes; a kind counts once it was heard twice in a row."""
    told, last = None, None
    while call.state is CallState.ANSWERED:
        try:
            await call.listen(SOUND_LOOK_S)
            now = call.sound_now()
        except CallTimeoutError:
            now = Sound.SILENCE  # no packets at all sounds the same
        if now == last and now != told:
            teller.line("♪", heard(now, teller.language))
            told = now
        last = now


async def _act(
    call: Call, script: Script, speech: Samples | None, teller: Teller, answered: asyncio.Event
) -> None:
    if script.tone:
        call.play_tone(440)
        teller.tell("tone")
    for digit in script.press:
        with contextlib.suppress(CallTimeoutError):  # a flow that says nothing may still take keys
            await call.hears_sound(Sound.SPEECH, within_s=PROMPT_TIMEOUT_S)
        await asyncio.sleep(KEY_PAUSE_S)
        await call.send_digits(digit)
        teller.tell("pressed", digit=digit)
    if speech is not None:
        async with asyncio.timeout(AGENT_TIMEOUT_S):
            await answered.wait()
        teller.tell("speaking", text=script.say)
        call.play(np.concatenate([speech, np.zeros(2 * SAMPLE_RATE, dtype=np.int16)]), again=True)
