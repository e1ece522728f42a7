"""Renders Asterisk's files from `asterisk-conf/` and `dialplans/` into `<home>/asterisk/etc`.

Every value that enters a template passes an allow-list of characters: Asterisk's files know no quoting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ari_apps.speech import Speech
from contact_centre.asterisk_installation import Installation
from contact_centre.asterisk_modules import BETWEEN_NODES, MODULES
from contact_centre.centre_file import Centre, DialledNumber
from contact_centre.secrets_file import Secrets, between_nodes
from contact_centre.settings import CHECKOUT, Settings
from ivr_flows.effects import Prompt
from voice_core.errors import InvalidInputError, UnwritableError
from voice_core.whole_file import replace_whole

TEMPLATES = (CHECKOUT / "asterisk-conf", CHECKOUT / "dialplans")
WAY_OUT_RING_S = 60
# How often, and after how long each, a new call asks again for a controller that is being started.
CONTROLLER_TRIES = 3
CONTROLLER_PAUSE_S = 0.8
# How long a caller may wait, unheard, for a controller that took the call's arrival with it when it died or froze:
# longer than the watchdog and a new start together, so that who can be served is.
CONTROLLER_TAKES_S = 10
DEFAULT_NOTICE = {
    "es": "En este momento no podemos atender su llamada. Por favor, vuelva a llamar en unos minutos.",
    "en": "We cannot take your call right now. Please call again in a few minutes.",
}
AGENTS_NOTICE = {
    "es": "El sistema no responde. Avise a su supervisor.",
    "en": "The system does not answer. Please tell your supervisor.",
}
# What must be reloaded when a file changed while Asterisk runs.
RELOADS = {
    "acl.conf": "acl",
    "pjsip.conf": "res_pjsip.so",
    "extensions.conf": "pbx_config.so",
    "queues.conf": "app_queue.so",
    "musiconhold.conf": "res_musiconhold.so",
}

_USER = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{16,100}")
_TAKEN = {"global", "leg", "udp", "tcp", "ws", "loopback-only", "banned", "system", "node"}
_HARMLESS = re.compile(r"[A-Za-z0-9_ .,:/@+!~^=-]*")


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """A person's two phones: endpoint `<user>` in the browser and `<user>-sip` on a desk."""

    user: str
    browser_password: str = field(repr=False)
    sip_password: str = field(repr=False)

    def __post_init__(self) -> None:
        if (
            not _USER.fullmatch(self.user)
            or self.user in _TAKEN
            or self.user.startswith(("trunk-", "node-"))
            or self.user.endswith("-sip")
        ):
            raise InvalidInputError(
                f"{self.user!r} cannot be a phone's name: small letters, digits, - and _, beginning with a letter"
            )
        if not (_PASSWORD.fullmatch(self.browser_password) and _PASSWORD.fullmatch(self.sip_password)):
            raise InvalidInputError(
                f"the phone passwords of {self.user} must be 16 or more letters, digits, - and _"
            )


@dataclass(frozen=True, slots=True)
class Place:
    """Asterisk's folders: all below the home but modules and data, which come with the program. Several nodes have sounds and
    music in common.
    """

    etc: Path
    run: Path
    spool: Path
    recordings: Path
    log: Path
    db: Path
    keys: Path
    var: Path
    sounds: Path
    music: Path
    modules: Path
    data: Path

    @classmethod
    def of(cls, settings: Settings, installation: Installation) -> Place:
        home = settings.asterisk_home
        names = ("etc", "run", "spool", "log", "db", "keys", "var")
        folders = {name: home / name for name in names}
        folders |= {name: settings.shared / name for name in ("sounds", "music")}
        return cls(
            recordings=settings.recordings, modules=installation.modules, data=installation.data, **folders
        )

    def make(self) -> None:
        """Raises UnwritableError naming the folder."""
        # ARI answers 500 to a recording whose folder is missing.
        for folder in (
            self.etc,
            self.run,
            self.recordings,
            self.log,
            self.db,
            self.keys / "keys",
            self.var,
            self.sounds,
            self.music,
        ):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise UnwritableError(folder, error.strerror) from error


@dataclass(frozen=True, slots=True)
class _Number:
    """A dialled number as the templates see it."""

    number: str
    trunk: str | None
    language: str
    way_out: str
    phones: tuple[str, ...]
    message: str  # a sound's path without its ending


async def provision(
    settings: Settings,
    secrets: Secrets,
    centre: Centre,
    phones: Sequence[AgentPhone],
    installation: Installation,
    speech: Speech,
) -> frozenset[str]:
    """Write Asterisk's files; returns the names of those that changed (see RELOADS).

    Raises InvalidInputError for a value that cannot be written, UnwritableError for a folder that cannot.
    """
    place = Place.of(settings, installation)
    place.make()
    agents_language = centre.organisation.default_language
    neighbours = [node for node in settings.each_node() if node.node != settings.node]
    modules = (*MODULES, *BETWEEN_NODES) if neighbours else MODULES
    values = {
        "settings": settings,
        "secrets": secrets,
        "place": place,
        "modules": [name for name in modules if (installation.modules / f"{name}.so").exists()],
        "neighbours": neighbours,
        "node_password": between_nodes(secrets),
        "organisation": centre.organisation,
        "trunks": centre.trunks,
        "addresses": {trunk.name: centre.told_by_address(trunk) for trunk in centre.trunks},
        "phones": sorted(phones, key=lambda phone: phone.user),
        "numbers": [await _number(entry, centre, phones, speech) for entry in centre.numbers],
        "music": _music_classes(centre, place),
        "agents_message": await _spoken(_in(AGENTS_NOTICE, agents_language), agents_language, speech),
        "way_out_ring_s": WAY_OUT_RING_S,
        "controller_tries": CONTROLLER_TRIES,
        "controller_pause_s": CONTROLLER_PAUSE_S,
        "controller_takes_s": CONTROLLER_TAKES_S,
        "other_addresses": _other_addresses(settings.media_host),
    }
    return frozenset(name for name, text in render(values) if _write(place.etc / name, text))


def render(values: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """(file name, text) of every template. Raises InvalidInputError."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (not HTML: `harmless` stands guard)
    )
    for name in sorted(environment.list_templates(extensions=["j2"])):
        yield name.removesuffix(".j2"), environment.get_template(name).render(values)


def harmless(value: Any) -> Any:
    """Refuse what Asterisk would read as more than a word: new lines, `;`, `${…}`, `&`, brackets, quotes."""
    text = str(value)
    if not _HARMLESS.fullmatch(text):
        found = sorted(set(_HARMLESS.sub("", text)))
        raise InvalidInputError(
            f"a value for Asterisk's files holds {found!r}, which cannot be written there"
        )
    return value


async def _number(
    entry: DialledNumber, centre: Centre, phones: Sequence[AgentPhone], speech: Speech
) -> _Number:
    language = entry.language or centre.organisation.default_language
    known = {phone.user for phone in phones}
    agents = [agent for agent in entry.way_out.queue if agent in known]
    return _Number(
        number=entry.number,
        trunk=entry.trunk,
        language=language,
        way_out="way-out-" + entry.number.replace("+", "p"),
        phones=tuple(endpoint for agent in agents for endpoint in (agent, f"{agent}-sip")),
        message=await _spoken(entry.way_out.say or _in(DEFAULT_NOTICE, language), language, speech),
    )


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts["es"]


async def _spoken(text: str, language: str, speech: Speech) -> str:
    media = await speech.media([Prompt(text=text, file=None, language=language)])
    return media[0].removeprefix("sound:")


def _music_classes(centre: Centre, place: Place) -> list[str]:
    """Classes with music of their own below `<home>/asterisk/music`; one without files would be silence."""
    names = sorted({queue.music for queue in centre.queues} - {"default"})
    for name in names:
        if not any((place.music / name).glob("*.*")):
            raise InvalidInputError(
                f"the music {name!r} has no files: put WAV files (8 kHz, mono) into {place.music / name}"
            )
    return names


def _other_addresses(media_host: str) -> list[str]:
    """IPv4 addresses of this machine that RTP is not bound to. Asterisk would offer them all to browsers."""
    if media_host == "0.0.0.0":  # noqa: S104 - compared, not bound
        return []
    try:
        trie = Path("/proc/net/fib_trie").read_text(encoding="ascii")
    except OSError:
        return []
    local = set(re.findall(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL", trie))
    return sorted(address for address in local if not address.startswith("127.") and address != media_host)


def _write(path: Path, text: str) -> bool:
    """Whether the file changed. Readable by its owner only, and never half written."""
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        replace_whole(path, text)
    except OSError as error:
        raise UnwritableError(path, error.strerror) from error
    return True
