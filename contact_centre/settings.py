"""The settings of one installation: environment over `<home>/centralita.yaml` over defaults. Alone reads the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from voice_core.errors import InvalidInputError

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "CENTRALITA_"
_NODE = re.compile(r"(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
FIRST_NODE = "asterisk-1"  # the Asterisk that every centre has
# A Unix socket's path ends at 107 bytes; Asterisk's is <home>/asterisk/run/asterisk.ctl.
LONGEST_SOCKET = 107
LONGEST_HOME = LONGEST_SOCKET - len("/asterisk/run/asterisk.ctl")
# Asterisk's files know no quoting: a path with one of these would be read as something else.
UNSAFE_IN_PATH = set(";,\n\r\t${}()|&\"'`\\<>[]=#*?")

Port = Annotated[int, Field(ge=1, le=65535)]


def _loopback(host: str) -> str:
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError("must be a loopback address (127.0.0.1): it is never offered to a network")
    return host


def _address(host: str) -> str:
    return str(ipaddress.ip_address(host))


def _redis(url: str) -> str:
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return url


def _node_name(name: str) -> str:
    if not _NODE.fullmatch(name) or name in {FIRST_NODE, "asterisk", "controller"}:
        raise ValueError(
            f"a node's name is up to 20 small letters, digits and -, beginning with a letter; not {name!r}"
        )
    return name


def _public(url: str) -> str:
    """An origin as browsers write it: small letters, no port that goes without saying."""
    if not url:
        return url
    found = re.fullmatch(r"(https?)://([a-z0-9.\-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?/?", url.lower())
    if found is None:
        raise ValueError(
            "must be what people type, like https://centro.example.ec or https://centro.example.ec:8443, without a "
            "path; a name with letters beyond a to z is written as browsers send it (xn--…)"
        )
    scheme, host, port = found.groups()
    usual = {"http": "80", "https": "443"}[scheme]
    return f"{scheme}://{host}" + ("" if port in (None, usual) else f":{int(port)}")


def _listed(value: object) -> object:
    """In the environment a list is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        try:
            network = ipaddress.ip_network(value)
        except ValueError as error:
            raise ValueError(f"must be addresses or networks like 127.0.0.1, 10.0.3.0/24: {error}") from None
        if network.prefixlen == 0:
            raise ValueError(f"{value} would believe everybody: name the proxies' own addresses")
    return tuple(values)


def _full_path(path: Path | None) -> Path | None:
    if path is not None and not path.is_absolute():
        raise ValueError("must be a full path, beginning with /")
    return path


Loopback = Annotated[str, AfterValidator(_loopback)]
Address = Annotated[str, AfterValidator(_address)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_networks)]
FullPath = Annotated[Path | None, AfterValidator(_full_path)]


class FurtherNode(BaseModel):
    """One more Asterisk of the centre. Names are those of Settings, which hold them for the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_node_name)]
    # How this controller reaches it: on loopback, straight or through a tunnel.
    asterisk_http_host: Loopback = "127.0.0.1"
    asterisk_http_port: Port
    ami_port: Port
    # Where the other nodes reach its SIP, and its phones and trunks too.
    sip_host: Address = "127.0.0.1"
    sip_port: Port
    media_host: Address = "127.0.0.1"
    rtp_start: Port
    rtp_end: Port
    # Where we see what it records; below the home unless set. `external`: somebody else starts it.
    recordings_folder: Path | None = None
    asterisk: Literal["embedded", "external"] | None = None


class Settings(BaseModel):
    """Everything that differs between two installations on one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = CHECKOUT / ".centralita"
    http_host: Address = "127.0.0.1"
    http_port: Port = 8080
    public_url: Annotated[str, AfterValidator(_public)] = ""  # how people reach the panel, when otherwise
    tls_certificate: FullPath = None  # PEM, the whole chain: the panel's own port speaks HTTPS then
    tls_key: FullPath = None
    trusted_proxies: Networks = ()  # whose X-Forwarded-For and X-Forwarded-Proto are believed
    plain_http_allowed: bool = False  # beyond loopback: for a closed network
    # `embedded`: `centralita up` starts Asterisk and ends it; `external`: a service manager does.
    asterisk: Literal["embedded", "external"] = "embedded"
    watchdog_s: float = Field(default=2.0, ge=0.5, le=60)  # event-loop lag that ends the controller
    sip_host: Address = "127.0.0.1"
    sip_port: Port = 5160  # not 5060: a telephone system may already be on this machine
    media_host: Address = "127.0.0.1"  # where RTP is bound
    rtp_start: Port = 20000
    rtp_end: Port = 20999
    asterisk_http_host: Loopback = "127.0.0.1"
    asterisk_http_port: Port = 8188  # ARI, and SIP over WebSocket
    ami_port: Port = 5138  # always on 127.0.0.1
    trunk_host: Address = "127.0.0.2"  # where the demo trunk's calls come from
    trunk_port: Port = 5170  # and where calls out through it go
    database_url: str = ""
    redis_url: Annotated[str, AfterValidator(_redis)] = Field(default="", repr=False)
    # Where `run web` reaches the controller, when not at http_host and http_port.
    controller_url: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.\-\[\]:]+/?)?$", max_length=200)
    flows_folder: Path = CHECKOUT / "ivr_flows" / "flows"
    simulate_connectors: bool = False  # the institution's systems are answered for from their examples
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    nodes: tuple[FurtherNode, ...] = ()  # Asterisks beside the first, which is described above

    _node: FurtherNode | None = PrivateAttr(default=None)
    _house: Settings | None = PrivateAttr(default=None)  # what a further node's settings were made from

    @field_validator("nodes", mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        """In the environment it is one line: `[{name: asterisk-2, sip_port: 5260, …}]`."""
        try:
            return YAML(typ="safe").load(value) if isinstance(value, str) else value
        except YAMLError as error:
            raise ValueError("must be a list of nodes as in YAML or JSON") from error

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.rtp_end - self.rtp_start < 3:
            raise ValueError("rtp_end must be at least 3 above rtp_start: a call takes two ports a leg")
        if unsafe := UNSAFE_IN_PATH.intersection(str(self.home)):
            raise ValueError(
                f"home holds characters Asterisk cannot read in a path: {' '.join(sorted(unsafe))!r}"
            )
        if len(os.fsencode(self.home)) > LONGEST_HOME:
            raise ValueError(
                f"home is longer than {LONGEST_HOME} bytes, too long for Asterisk's control socket"
            )
        ports = (self.http_port, self.sip_port, self.asterisk_http_port, self.ami_port)
        if len(set(ports)) < len(ports):
            raise ValueError("http_port, sip_port, asterisk_http_port and ami_port must differ")
        if taken := [port for port in ports if self.rtp_start <= port <= self.rtp_end]:
            raise ValueError(f"port {taken[0]} lies between rtp_start and rtp_end, which belong to calls")
        self._nodes_fit_together()
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both, or neither")
        if self.tls and self.public_url.startswith("http://"):
            raise ValueError("public_url must begin with https:// when tls_certificate is set")
        return self

    def _nodes_fit_together(self) -> None:
        all_of_them: tuple[Settings | FurtherNode, ...] = (self, *self.nodes)
        known: set[str] = set()
        taken: set[tuple[str, int]] = {
            ("127.0.0.1", self.http_port), (self.sip_host, self.sip_port),
            (self.asterisk_http_host, self.asterisk_http_port), ("127.0.0.1", self.ami_port),
        }  # fmt: skip
        for node in self.nodes:
            if node.name in known:
                raise ValueError(f"two nodes are called {node.name}")
            known.add(node.name)
            if node.rtp_end - node.rtp_start < 3:
                raise ValueError(f"{node.name}: rtp_end must be at least 3 above rtp_start")
            for place in (
                (node.sip_host, node.sip_port),
                (node.asterisk_http_host, node.asterisk_http_port),
                ("127.0.0.1", node.ami_port),
            ):
                if place in taken:
                    raise ValueError(f"{node.name}: port {place[1]} is somebody else's already")
                taken.add(place)
            if any(_overlap(node, other) for other in all_of_them if other is not node):
                raise ValueError(f"{node.name}: rtp_start to rtp_end belong to calls of another node too")
            socket = self.home / "nodes" / node.name / "run" / "asterisk.ctl"
            if len(os.fsencode(socket)) > LONGEST_SOCKET:
                raise ValueError(f"home and the name {node.name} are too long for Asterisk's control socket")

    # --- one node of several

    @property
    def node(self) -> str:
        """Which of the nodes these settings describe."""
        return self._node.name if self._node is not None else FIRST_NODE

    @property
    def is_first(self) -> bool:
        return self._node is None

    @property
    def node_names(self) -> tuple[str, ...]:
        """The first node, and then the others."""
        return (FIRST_NODE, *(node.name for node in self.nodes))

    def each_node(self) -> list[Settings]:
        """The settings as each node has them."""
        return [self.at(name) for name in self.node_names]

    def at(self, name: str) -> Settings:
        """These settings with the ports and folders of one node. Raises InvalidInputError for one that is not there."""
        if self._house is not None:
            return self._house.at(name)
        wanted = next((node for node in self.nodes if node.name == name), None)
        if wanted is None and name != FIRST_NODE:
            known = ", ".join(self.node_names)
            raise InvalidInputError(f"There is no node {name}: name one of {known}, or add it under `nodes`.")
        if wanted is None:
            return self
        own = wanted.model_dump(exclude={"name", "recordings_folder", "asterisk"})
        there = self.model_copy(update=own | {"asterisk": wanted.asterisk or self.asterisk})
        there._node, there._house = wanted, self
        return there

    # --- where things are

    @property
    def tls(self) -> bool:
        return self.tls_certificate is not None

    @property
    def database(self) -> str:
        """The URL of the store: SQLite in the home folder unless set; PostgreSQL by the one driver we have."""
        if self.database_url:
            return re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", self.database_url)
        return f"sqlite+aiosqlite:///{self.home / 'centralita.db'}"

    @property
    def asterisk_home(self) -> Path:
        return self.home / "asterisk" if self._node is None else self.home / "nodes" / self._node.name

    @property
    def shared(self) -> Path:
        """What is the same for all nodes: sounds we have spoken, the organisation's music."""
        return self.home / "asterisk"

    @property
    def recordings(self) -> Path:
        """Where Asterisk writes a recording while the call lives."""
        if self._node is not None and self._node.recordings_folder is not None:
            return self._node.recordings_folder
        return self.asterisk_home / "spool" / "recording"

    @property
    def ari_url(self) -> str:
        return f"http://{self.asterisk_http_host}:{self.asterisk_http_port}/ari"

    @property
    def softphone_url(self) -> str:
        """Asterisk's SIP over WebSocket, as the panel's proxy reaches it."""
        return f"ws://{self.asterisk_http_host}:{self.asterisk_http_port}/ws"

    @property
    def own_url(self) -> str:
        """Where the other processes of the centre reach this one when it is the controller."""
        if self.controller_url:
            return self.controller_url.rstrip("/")
        address = ipaddress.ip_address(self.http_host)
        return self._url(socket.gethostname() if address.is_unspecified else self.http_host)

    @property
    def names(self) -> frozenset[str]:
        """What the controller's server is called among the parts of the centre."""
        return frozenset({self.http_host, urlsplit(self.own_url).hostname or ""})

    @property
    def panel_url(self) -> str:
        return f"{self.public_url or self._url(self.http_host)}/"

    def _url(self, host: str) -> str:
        scheme = "https" if self.tls else "http"
        return (
            f"{scheme}://[{host}]:{self.http_port}" if ":" in host else f"{scheme}://{host}:{self.http_port}"
        )


def _overlap(one: Settings | FurtherNode, other: Settings | FurtherNode) -> bool:
    """Both would open the same ports for calls."""
    same_place = one.media_host == other.media_host
    return same_place and one.rtp_start <= other.rtp_end and other.rtp_start <= one.rtp_end


def service_manager_address() -> str:
    """Where systemd wants to be told that we are ready; empty without it."""
    return os.environ.get("NOTIFY_SOCKET", "")


def load_settings(environment: Mapping[str, str] | None = None, *, file: Path | None = None) -> Settings:
    """Read the environment and the home folder's file, or `file` in its stead.

    Raises InvalidInputError with one sentence a person can act on.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() in Settings.model_fields and value
    }
    home = Path(values.get("home", Settings.model_fields["home"].default)).expanduser().absolute()
    path = file or home / "centralita.yaml"
    merged = {**_read_file(path), **values, "home": home}
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise InvalidInputError(_sentence(error, values, path)) from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        read = YAML(typ="safe").load(path) if path.exists() else {}
    except (OSError, YAMLError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from error
    if not isinstance(read or {}, dict):
        raise InvalidInputError(f"{path} must hold `name: value` lines")
    return dict(read or {})


def _sentence(error: ValidationError, from_environment: Mapping[str, Any], path: Path) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    where = (
        f"{PREFIX}{name.upper()}"
        if name in from_environment
        else f"`{name}` in {path}"
        if name
        else "The settings"
    )
    what = first["msg"].removeprefix("Value error, ")
    shown = name and not name.endswith("_url")  # which may hold a password
    return f"{where}: {what}" + (f" (given: {first['input']!r})" if shown else "")
