"""`centralita up`: everything, until Ctrl-C: a small parent, the controller, and Asterisk with who watches it.

The parts alone, for a service manager: `centralita run controller`, `centralita run asterisk`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import typer

from contact_centre.asterisk_installation import find_asterisk
from contact_centre.asterisk_process import AsteriskProcess
from contact_centre.commands.console import carry_out
from contact_centre.family import Child, Family
from contact_centre.people import FirstPassword
from contact_centre.service_manager import FILES, Notifier
from contact_centre.settings import Settings, service_manager_address
from contact_centre.telephony import write_files
from contact_centre.wiring import Started, run
from voice_core.errors import UnavailableError

FROZEN_MARGIN_S = 1.0
"""A controller that cannot even run its own watchdog is killed by the parent so much later."""

_WORDS = {
    "es": {
        "ready": "{organisation} está en marcha. Ctrl-C lo detiene todo.",
        "panel": "Panel",
        "trunk": "Troncal de prueba",
        "from": "desde {host}",
        "dial": "Números que marcar",
        "try": "Probar",
        "people": "Personas de la demostración (estas contraseñas se muestran solo esta vez):",
        "reset": "Contraseña nueva: centralita user password USUARIO",
        "no_telephone": "Sin telefonía: solo panel y API.",
        "stopping": "Deteniendo…",
    },
    "en": {
        "ready": "{organisation} is running. Ctrl-C stops everything.",
        "panel": "Panel",
        "trunk": "Test trunk",
        "from": "from {host}",
        "dial": "Numbers to dial",
        "try": "Try",
        "people": "Demo people (these passwords are shown this once):",
        "reset": "New password: centralita user password USER",
        "no_telephone": "Without telephone: panel and API only.",
        "stopping": "Stopping…",
    },
}


def up(settings: Settings, *, language: str, with_telephone: bool) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    words = _WORDS["en" if language == "en" else "es"]
    told = False

    def controller(parent: Notifier) -> int:
        def tell(started: Started) -> None:
            if not told:
                _tell(started, words, language)

        return carry_out(lambda: _controller(settings, with_telephone, tell, parent))

    def asterisk(node: Settings) -> Callable[[Notifier], int]:
        return lambda parent: carry_out(lambda: _asterisk(node, parent))

    def served(child: str) -> None:
        nonlocal told
        told = told or child == "controller"

    frozen_after_s = settings.watchdog_s + FROZEN_MARGIN_S
    children = [Child("controller", controller, frozen_after_s=frozen_after_s)]
    for node in settings.each_node() if with_telephone else ():
        if node.asterisk == "embedded":
            # Further ones may come later, or be down for a while: the centre goes on.
            name = "asterisk" if node.is_first else node.node
            children.append(Child(name, asterisk(node), starts_after=FILES, needed=node.is_first))
    manager = Notifier.to_address(service_manager_address())
    return Family(children, manager, served, lambda: typer.echo(words["stopping"])).run()


async def run_controller(settings: Settings, *, language: str) -> int:
    """Everything but Asterisk's own process, which must run or be about to: SIGTERM leaves the calls as they are."""
    words = _WORDS["en" if language == "en" else "es"]
    manager = Notifier.to_address(service_manager_address())
    return await _controller(settings, True, lambda started: _tell(started, words, language), manager)


async def run_asterisk(house: Settings, node: str) -> int:
    """Asterisk in the foreground, started again when it dies."""
    settings = house.at(node)
    try:
        await write_files(house)
    except UnavailableError as error:
        if not (settings.asterisk_home / "etc" / "asterisk.conf").exists():
            raise
        typer.echo(f"centralita: {error}: with the files of before", err=True)
    return await _asterisk(settings, Notifier.to_address(service_manager_address()))


async def _controller(
    settings: Settings, with_telephone: bool, tell: Callable[[Started], None], manager: Notifier
) -> int:
    stop, begun = asyncio.Event(), asyncio.Event()

    def started(what: Started) -> None:
        begun.set()
        tell(what)

    serving = run(settings, with_telephone=with_telephone, started=started, stop=stop, manager=manager)
    await until_asked(serving, begun, stop)
    return 0


async def _asterisk(settings: Settings, manager: Notifier) -> int:
    stop, begun = asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        async with AsteriskProcess(settings, find_asterisk()).running():
            begun.set()
            manager.ready()
            await stop.wait()
            manager.stopping()

    await until_asked(serve(), begun, stop)
    return 0


async def until_asked(serving: Coroutine[Any, Any, None], begun: asyncio.Event, stop: asyncio.Event) -> None:
    """Serve until SIGINT or SIGTERM, which set `stop`; what has not begun by then is given up."""
    task = asyncio.ensure_future(serving)
    with _signals(stop):
        asked = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and not begun.is_set():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            asked.cancel()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _tell(told: Started, words: dict[str, str], language: str) -> None:
    settings, centre = told.settings, told.centre
    echo = typer.echo
    echo(words["ready"].format(organisation=centre.organisation.name))
    echo(f"  {words['panel']}: {settings.panel_url}")
    if told.with_telephone:
        where = words["from"].format(host=settings.trunk_host)
        echo(f"  {words['trunk']}: sip:{settings.sip_host}:{settings.sip_port} ({where})")
        numbers = (f"{entry.number} {entry.label.get(language, '')}".strip() for entry in centre.numbers)
        echo(f"  {words['dial']}: {', '.join(numbers)}")
        if centre.numbers:
            echo(f"  {words['try']}: centralita demo-call {centre.numbers[0].number} --press 1")
    else:
        echo(f"  {words['no_telephone']}")
    if told.first_passwords:
        echo(words["people"])
        for person in told.first_passwords:
            echo(f"  {_person(person)}")
        echo(f"  {words['reset']}")


def _person(person: FirstPassword) -> str:
    return f"{person.username:<8} {person.password}  {person.name} ({', '.join(person.roles)})"
