"""`centralita doctor`: everything the centre needs, each with what to do when it is not as it must be."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from contact_centre.asterisk_installation import find_asterisk, find_espeak
from contact_centre.asterisk_process import port_problem
from contact_centre.centre_reading import NAME as CENTRE_FILE
from contact_centre.centre_reading import load_centre, require_flows
from contact_centre.connectors.reading import Shelf, read_beside
from contact_centre.connectors.service import secret_of
from contact_centre.listening import require_safe
from contact_centre.secrets_file import NAME as SECRETS_FILE
from contact_centre.secrets_file import load_secrets
from contact_centre.sentences import sentence
from contact_centre.settings import CHECKOUT, Settings
from contact_centre.shared.link import AWAY, connect
from contact_centre.web.tls import SOON, read_pair
from ivr_flows import read_folder
from voice_core.clock import SystemClock
from voice_core.errors import CentralitaError

LEAST_FREE_BYTES = 1 << 30  # an hour of one recorded call takes 115 MB
DATABASE_TIMEOUT_S = 5.0
SOUNDS = ("es", "en")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. The sentences say what is, or what to do."""

    name: str
    ok: bool
    es: str
    en: str

    def line_in(self, language: str) -> str:
        said = self.en if language == "en" else self.es
        return f"{'✓' if self.ok else '✗'} {self.name}: {said}"

    def __str__(self) -> str:
        return self.line_in("es")


async def examine(settings: Settings) -> Sequence[Finding]:
    """Look at everything; changes nothing. Does not raise for what it finds."""
    found = await asyncio.to_thread(lambda: [finding for look in _LOOKS for finding in look(settings)])
    return [*found, await _database(settings), *await _redis(settings)]


def _asterisk(_settings: Settings) -> Iterator[Finding]:
    try:
        there = find_asterisk()
    except CentralitaError as error:
        yield Finding("asterisk", False, f"falta: ejecute `make asterisk` ({error})", str(error))
        return
    version = ".".join(map(str, there.version))
    yield Finding("asterisk", True, f"{version}, en {there.program}", f"{version}, at {there.program}")
    missing = [language for language in SOUNDS if not (there.data / "sounds" / language).exists()]
    package = "asterisk-core-sounds-{}-wav"
    names = ", ".join(package.format(language) for language in missing)
    yield _judged(
        "sounds", not missing, ("voces de Asterisk presentes", "Asterisk's voices are there"),
        (f"faltan voces: instale {names}", f"voices are missing: install {names}"),
    )  # fmt: skip


def _speech(_settings: Settings) -> Iterator[Finding]:
    program = find_espeak()
    yield _judged(
        "espeak-ng", program is not None, (str(program), str(program)),
        ("falta: ejecute `make install`, o instale el paquete espeak-ng",
         "missing: run `make install`, or install the package espeak-ng"),
    )  # fmt: skip


def _home(settings: Settings) -> Iterator[Finding]:
    home = _first_existing(settings.home)
    writable = home.is_dir() and os.access(home, os.W_OK | os.X_OK)
    yield _judged(
        "home", writable, (str(settings.home), str(settings.home)),
        (f"no se puede escribir en {home}: devuélvala a su usuario, o fije CENTRALITA_HOME en otra carpeta",
         f"{home} cannot be written: give it back to your user, or set CENTRALITA_HOME to another folder"),
    )  # fmt: skip
    free = shutil.disk_usage(home).free
    yield _judged(
        "disk", free >= LEAST_FREE_BYTES, (f"{free >> 30} GB libres", f"{free >> 30} GB free"),
        (f"solo {free >> 20} MB libres en {home}: libere al menos 1 GB",
         f"only {free >> 20} MB free at {home}: free 1 GB or more"),
    )  # fmt: skip


def _secrets(settings: Settings) -> Iterator[Finding]:
    path = settings.home / SECRETS_FILE
    if not path.exists():
        yield Finding("secrets", True, "se crearán en el primer arranque", "will be made on the first start")
        return
    try:
        load_secrets(settings.home)
    except CentralitaError as error:
        yield Finding("secrets", False, str(error), str(error))
        return
    private = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    yield _judged(
        "secrets", private, ("solo los lee su dueño", "readable by their owner only"),
        (f"otros usuarios pueden leer {path}: ejecute `chmod 600 {path}`",
         f"other users can read {path}: run `chmod 600 {path}`"),
    )  # fmt: skip


def _centre(settings: Settings) -> Iterator[Finding]:
    path = settings.home / CENTRE_FILE
    if not path.exists():
        yield Finding("centre", True, "se creará en el primer arranque", "will be made on the first start")
        return
    try:
        centre = load_centre(path)
    except CentralitaError as error:
        yield Finding("centre", False, str(error), str(error))
        return
    folder = settings.flows_folder / centre.organisation.flows
    systems = read_beside(folder)
    flows, found = read_folder(folder, set(centre.queue_configs()), systems.views())
    problems = [one for one in (*systems.problems, *found) if one.severity == "error"]
    try:
        if not problems:
            require_flows(path, centre, flows)
        yield Finding("centre", True, str(path), str(path))
    except CentralitaError as error:
        yield Finding("centre", False, str(error), str(error))
    yield from _connectors(settings, systems)
    yield _judged(
        "flows", not problems, (str(folder), str(folder)),
        (f"{len(problems)} errores: ejecute `centralita flow check`",
         f"{len(problems)} errors: run `centralita flow check`"),
    )  # fmt: skip


def _connectors(settings: Settings, systems: Shelf) -> Iterator[Finding]:
    if not systems.descriptions or settings.simulate_connectors:
        return
    known = load_secrets(settings.home).connectors if (settings.home / SECRETS_FILE).exists() else {}
    described = systems.descriptions.values()
    missing = sorted({str(one.authentication.secret) for one in described if secret_of(one, known) is None})
    names = ", ".join(missing)
    yield _judged(
        "connectors", not missing, (", ".join(systems.descriptions), ", ".join(systems.descriptions)),
        (f"faltan claves: {names}; escriba cada una con `centralita connector secret`",
         f"secrets are missing: {names}; write each with `centralita connector secret`"),
    )  # fmt: skip


def _ports(settings: Settings) -> Iterator[Finding]:
    if _runs(settings):
        yield Finding("ports", True, "en uso por este mismo centro", "in use by this very centre")
        return
    for name, kind, host, port in (
        ("http_port", socket.SOCK_STREAM, settings.http_host, settings.http_port),
        *_ports_of(settings),
    ):
        yield _free_port(name, kind, host, port, f"CENTRALITA_{name.split()[0].upper()}")
    for node in settings.each_node()[1:]:
        if node.asterisk == "embedded":
            for name, kind, host, port in _ports_of(node):
                yield _free_port(
                    f"{node.node} {name}", kind, host, port, f"`{name.split()[0]}` of {node.node}"
                )


def _ports_of(node: Settings) -> Sequence[tuple[str, socket.SocketKind, str, int]]:
    """One Asterisk's."""
    return (
        ("asterisk_http_port", socket.SOCK_STREAM, node.asterisk_http_host, node.asterisk_http_port),
        ("ami_port", socket.SOCK_STREAM, "127.0.0.1", node.ami_port),
        ("sip_port", socket.SOCK_DGRAM, node.sip_host, node.sip_port),
        ("sip_port (tcp)", socket.SOCK_STREAM, node.sip_host, node.sip_port),
    )


def _free_port(name: str, kind: socket.SocketKind, host: str, port: int, setting: str) -> Finding:
    problem = port_problem(kind, host, port)
    return _judged(
        name, problem is None, (f"{port} libre", f"{port} is free"),
        (f"el puerto {port} de {host} no se puede abrir: cierre lo que lo usa, o cambie {setting}",
         f"{problem}: stop what uses it, or change {setting}"),
    )  # fmt: skip


def _https(settings: Settings) -> Iterator[Finding]:
    """Nothing to say where the panel is for this machine alone."""
    try:
        require_safe(settings)
    except CentralitaError as error:
        yield Finding("http", False, sentence(error, "es"), str(error))
    if settings.public_url.startswith("http:") and not settings.plain_http_allowed:
        yield Finding(
            "public_url", False,
            f"{settings.public_url}: sin HTTPS las contraseñas viajan sin cifrar y los navegadores no dan el micrófono",
            f"{settings.public_url}: without HTTPS passwords travel in the open, and browsers give no microphone",
        )  # fmt: skip
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        return
    now = SystemClock().now()
    try:
        pair = read_pair(certificate, key, now)
    except CentralitaError as error:
        yield Finding("certificate", False, sentence(error, "es"), str(error))
        return
    days = pair.days_left(now)
    yield _judged(
        "certificate", pair.until - now >= SOON, (f"vale {days} días más", f"good for {days} more days"),
        (f"vence en {days} días: renuévelo (`certbot renew`), y mire por qué no se renovó solo",
         f"expires in {days} days: renew it (`certbot renew`), and look why that did not happen by itself"),
    )  # fmt: skip
    name = urlsplit(settings.public_url).hostname
    if name is not None and not pair.covers(name):
        yield Finding(
            "certificate name", False, f"{certificate} no es para {name}: pida uno que lo nombre",
            f"{certificate} is not for {name}: ask for one that names it",
        )  # fmt: skip
    if stat.S_IMODE(key.stat().st_mode) & 0o007:
        yield Finding(
            "certificate key", False, f"cualquiera en esta máquina puede leer {key}: ejecute `chmod o= {key}`",
            f"anybody on this machine can read {key}: run `chmod o= {key}`",
        )  # fmt: skip


def _panel(_settings: Settings) -> Iterator[Finding]:
    built = (CHECKOUT / "panel" / "dist" / "index.html").exists()
    yield _judged(
        "panel", built, ("construido", "built"),
        ("sin construir: ejecute `make install`", "not built: run `make install`"),
    )  # fmt: skip


async def _database(settings: Settings) -> Finding:
    if not settings.database_url and not (settings.home / "centralita.db").exists():
        return Finding("database", True, "se creará en el primer arranque", "will be made on the first start")
    try:
        engine = create_async_engine(settings.database)
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_S), engine.connect() as connection:
                await connection.execute(text("select 1"))
        finally:
            await engine.dispose()
    except (SQLAlchemyError, OSError, TimeoutError, ImportError) as error:
        why = type(error).__name__  # not its text: it may hold the password
        return Finding(
            "database", False, f"no responde ({why}): revise CENTRALITA_DATABASE_URL y que el servidor esté en marcha",
            f"does not answer ({why}): look at CENTRALITA_DATABASE_URL and whether the server runs",
        )  # fmt: skip
    return Finding("database", True, "responde", "answers")


async def _redis(settings: Settings) -> Sequence[Finding]:
    """Nothing to say where there is none."""
    if not settings.redis_url:
        return []
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S), connect(settings.redis_url) as redis:
            await redis.ping()
    except (*AWAY, CentralitaError) as error:
        why = type(error).__name__  # not its text: it may hold the password
        return [Finding(
            "redis", False, f"no responde ({why}): revise CENTRALITA_REDIS_URL y que el servidor esté en marcha; sin él "
            "el centro funciona, y cada web muestra lo que le pasa el controlador",
            f"does not answer ({why}): look at CENTRALITA_REDIS_URL and whether the server runs; without it the centre "
            "works, and each web shows what the controller passes on",
        )]  # fmt: skip
    return [Finding("redis", True, "responde", "answers")]


_LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _asterisk,
    _speech,
    _panel,
    _home,
    _secrets,
    _centre,
    _ports,
    _https,
)


def _judged(name: str, ok: bool, good: tuple[str, str], bad: tuple[str, str]) -> Finding:
    es, en = good if ok else bad
    return Finding(name, ok, es, en)


def _runs(settings: Settings) -> bool:
    """Whether a Centralita runs this home now: it then holds the lock of its Asterisk."""
    try:
        with (settings.asterisk_home / "run" / "centralita.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _first_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
