"""A whole Centralita in a private home, started as its users start it: `centralita up`, on its own ports."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp

from contact_centre.asterisk_installation import find_asterisk
from contact_centre.scripted_caller import Line

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
COMMAND_TIMEOUT_S = 90.0  # several at once on a machine busy with other tests
LOOK_S = 0.1
more_settings: Callable[[], Mapping[str, str]] = (
    dict  # of instances that are told no database: SQLite in the home
)
PASSWORD = "una-clave-de-prueba-9"
TRUNK_HOST = "127.0.0.2"


class CommandError(RuntimeError):
    """A command line ended with a code other than 0."""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Instance:
    """Its folder, its ports, and ways in."""

    home: Path
    environment: Mapping[str, str]
    http_port: int
    sip_port: int
    trunk_port: int
    process: asyncio.subprocess.Process | None = None
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As people type it."""
        return self.environment.get("CENTRALITA_PUBLIC_URL") or f"http://127.0.0.1:{self.http_port}"

    @property
    def server(self) -> tuple[str, int]:
        return ("127.0.0.1", self.sip_port)

    def trunk(self, *, as_provider: bool = False) -> Line:
        """The test trunk: calls in, and (as the provider) the port where calls out arrive."""
        return Line(TRUNK_HOST, server=self.server, port=self.trunk_port if as_provider else 0)

    @asynccontextmanager
    async def desk_phone(self, user: str, secret: str | None = None) -> AsyncIterator[Line]:
        """The SIP phone on `user`'s desk, registered."""
        line = Line("127.0.0.1", server=self.server)
        async with line:
            await line.register(f"{user}-sip", secret or await self.sip_secret(user))
            yield line

    async def sip_secret(self, user: str) -> str:
        """As `centralita user phone` tells it; asked once."""
        if user not in self.secrets:
            shown = await self.command("user", "phone", user, "--json")
            self.secrets[user] = str(shown.json["password"])
        return self.secrets[user]

    async def command(self, *arguments: str, stdin: str = "", check: bool = True) -> Outcome:
        """Run `centralita …` against this home. CommandError when it fails and `check` is set."""
        outcome = await run_command(self.environment, *arguments, stdin=stdin)
        if check and outcome.code != 0:
            raise CommandError(
                f"centralita {' '.join(arguments)}: {outcome.code}\n{outcome.out}\n{outcome.err}"
            )
        return outcome

    async def ledger(self, call_id: str) -> list[dict[str, Any]]:
        shown = await self.command("calls", "show", call_id, "--json")
        return list(shown.json["entries"])

    async def asterisk(self, command: str) -> str:
        """What Asterisk's own console answers."""
        config = self.home / "asterisk" / "etc" / "asterisk.conf"
        process = await asyncio.create_subprocess_exec(
            str(find_asterisk().program),
            "-C",
            str(config),
            "-rx",
            command,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            out, _ = await process.communicate()
        return out.decode(errors="replace")

    @property
    def log(self) -> Path:
        """Its standard error, when it was started with `log_json`."""
        return self.home.parent / f"{self.home.name}.log"

    async def channels(self) -> list[str]:
        """Names of the channels that live in Asterisk now."""
        said = await self.asterisk("core show channels concise")
        return [line.split("!", 1)[0] for line in said.splitlines() if "!" in line]

    async def bridges(self) -> list[str]:
        """Ids of bridges that hold a channel or belong to a call (queues' own empty bridges are normal)."""
        said = await self.asterisk("bridge show all")
        rows = [line.split() for line in said.splitlines()[1:] if line.strip()]
        return [row[0] for row in rows if row and not row[0].startswith("queue.")]

    async def quiet(self, timeout_s: float = 10.0) -> None:
        """Wait until Asterisk holds neither channel nor bridge of a call."""
        left: tuple[list[str], list[str]] = ([], [])
        try:
            async with asyncio.timeout(timeout_s):
                while (left := (await self.channels(), await self.bridges())) != ([], []):
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"left behind in Asterisk: channels {left[0]}, bridges {left[1]}") from None


class Api:
    """A signed-in API client: `async with Api(instance, "ana") as ana: await ana.get("/me/work")`."""

    def __init__(self, instance: Instance, username: str, password: str = PASSWORD) -> None:
        self.username = username
        self._instance = instance
        self._password = password
        self._csrf = ""
        self.session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)  # the address is a number
        self.session = aiohttp.ClientSession(
            cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=COMMAND_TIMEOUT_S)
        )
        try:
            signed_in = await self.post("/session", username=self.username, password=self._password)
        except BaseException:
            await self.session.close()
            raise
        self._csrf = signed_in["csrf"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def get(self, path: str, **params: str) -> Any:
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, **body: Any) -> Any:
        return await self._ask("POST", path, json=body)

    async def put(self, path: str, **body: Any) -> Any:
        return await self._ask("PUT", path, json=body)

    async def patch(self, path: str, **body: Any) -> Any:
        return await self._ask("PATCH", path, json=body)

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def available(self) -> None:
        await self.put("/me/state", state="available")

    async def until(self, path: str, condition: Callable[[Any], Any], timeout_s: float = 10.0) -> Any:
        """Ask for `path` until the answer meets `condition`; returns that answer."""
        answer: Any = None
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(answer := await self.get(path)):
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"{path} did not come to it in {timeout_s} s; last: {answer}") from None
        return answer

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self._instance.url}/api/v1{path}"
        headers = {"X-CSRF-Token": self._csrf, "Origin": self._instance.url, "Accept-Language": "en"}
        async with self.session.request(method, url, headers=headers, **more) as answer:
            if answer.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.content_type == "application/json" else await answer.read()


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """TCP and UDP ports nobody uses now."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            held += [tcp, udp]
            tcp.bind((host, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((host, port))
            except OSError:
                continue
            found.append(port)
    finally:
        for each in held:
            each.close()
    return found


def prepare(home: Path, **settings: str) -> Instance:
    """An instance not yet started: ports chosen, environment made. `settings`: fields of Settings."""
    http, sip, asterisk_http, ami, trunk = free_ports(5)
    # A slice below the ports that the system hands out; two instances seldom get the same one.
    rtp_start = 10000 + (http * 7 % 110) * 200
    chosen = {
        "home": str(home),
        "http_port": str(http),
        "sip_port": str(sip),
        "asterisk_http_port": str(asterisk_http),
        "ami_port": str(ami),
        "trunk_port": str(trunk),
        "rtp_start": str(rtp_start),
        "rtp_end": str(rtp_start + 199),
        "watchdog_s": "15",  # the machine may be busy with other tests
    } | settings
    if "database_url" not in chosen:
        chosen |= more_settings()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CENTRALITA_")}
    environment = clean | {f"CENTRALITA_{name.upper()}": value for name, value in chosen.items()}
    return Instance(home, environment, http, int(chosen["sip_port"]), int(chosen["trunk_port"]))


@asynccontextmanager
async def running(
    instance: Instance,
    people: Sequence[str] = ("admin", "sofia", "ana", "luis", "diego"),
    *,
    log_json: bool = False,
) -> AsyncIterator[Instance]:
    """Start it, wait until health says ready, give the people a known password; stop it at the end.

    With `log_json` its log is apart from what it says, in `instance.log`.
    """
    said = (instance.home.parent / f"{instance.home.name}.out").open("wb")
    log = instance.log.open("wb") if log_json else said
    instance.process = await asyncio.create_subprocess_exec(
        *_program(),
        "up",
        *(["--log-json"] if log_json else []),
        env=instance.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=said,
        stderr=log,
        cwd=ROOT,
    )
    try:
        await _ready(instance)
        await _set_passwords(instance, people)
        yield instance
    except BaseException:
        print(f"the instance said:\n{_said(instance)}")
        raise
    finally:
        await _stop(instance.process)
        log.close()
        said.close()


async def run_command(
    environment: Mapping[str, str], *arguments: str, stdin: str = "", cwd: Path = ROOT
) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        *_program(),
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
    )
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            out, err = await process.communicate(stdin.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Outcome(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))


def _program() -> tuple[str, ...]:
    return (sys.executable, "-m", "contact_centre")


async def _set_passwords(instance: Instance, people: Sequence[str]) -> None:
    """The administrator's by the command line, the others' by the administrator: a command costs seconds."""
    if not people:
        return
    first, *others = sorted(people, key=lambda person: person != "admin")
    await instance.command("user", "password", first, "--password-stdin", stdin=PASSWORD + "\n")
    if others:  # then the administrator is among them
        async with Api(instance, first) as admin:
            for person in others:
                await admin.patch(f"/users/{person}", password=PASSWORD)


async def _ready(instance: Instance) -> None:
    assert instance.process is not None
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while instance.process.returncode is None:
                    try:
                        async with session.get(f"{instance.url}/api/v1/health") as answer:
                            if answer.status == 200:
                                return
                            if answer.status != 503:
                                break
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            pass
    raise AssertionError(
        f"it did not become ready (exit code {instance.process.returncode}):\n{_said(instance)}"
    )


def _said(instance: Instance) -> str:
    """The end of its log, and of what it said."""
    files = (instance.log, instance.home.parent / f"{instance.home.name}.out")
    return "\n".join(file.read_text(errors="replace")[-4000:] for file in files if file.exists())


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError(f"it did not stop within {STOP_TIMEOUT_S} s of SIGTERM") from None
