"""`centralita` as a person types it: in a process of its own, on a home of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60.0
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Home:
    """One installation and its environment."""

    folder: Path
    port: int

    def environment(self, **more: str) -> Mapping[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CENTRALITA_")}
        own = {"CENTRALITA_HOME": str(self.folder), "CENTRALITA_HTTP_PORT": str(self.port)}
        return clean | own | more

    async def run(self, *arguments: str, stdin: str = "", **more: str) -> Outcome:
        process = await self._start(*arguments, **more)
        async with asyncio.timeout(TIMEOUT_S):
            out, err = await process.communicate(stdin.encode())
        return Outcome(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def up(self, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The panel and the API, without a telephone; ended by SIGTERM."""
        process = await self._start("up", "--no-telephone", **more)
        try:
            async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as http:
                while process.returncode is None:
                    try:
                        async with http.get(f"http://127.0.0.1:{self.port}/api/v1/health"):
                            break
                    except aiohttp.ClientError:
                        await asyncio.sleep(LOOK_S)
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(TIMEOUT_S):
                    await process.wait()

    async def _start(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "contact_centre", *arguments,
            env=self.environment(**more), cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip


@pytest.fixture
def home(short_folder: Path) -> Home:
    return Home(short_folder / "home", _free_port())


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Asterisk's control socket leaves 81 characters for a home; pytest's own folders may be longer."""
    with tempfile.TemporaryDirectory(prefix="cli-") as folder:
        yield Path(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_people_are_added_listed_and_changed(home: Home) -> None:
    added = await home.run(
        "user", "add", "rosa", "--name", "Rosa Paz", "--skill", "soporte=7", "--capacity", "task=2", "--json"
    )
    assert added.code == 0, added.err
    assert len(json.loads(added.out)["password"]) == 19
    listed = json.loads((await home.run("user", "list", "--json")).out)
    shown = [(user["username"], user["roles"], user["skills"], user["capacity"]) for user in listed]
    assert shown == [("rosa", ["agent"], {"soporte": 7}, {"voice": 1, "task": 2})]
    given = await home.run("user", "password", "rosa", "--password-stdin", stdin="una-clave-nueva-7\n")
    assert (given.code, given.out) == (0, "rosa\n")
    phone = json.loads((await home.run("user", "phone", "rosa", "--json")).out)
    again = json.loads((await home.run("user", "phone", "rosa", "--new", "--json")).out)
    assert phone["username"] == again["username"] == "rosa-sip"
    assert phone["password"] != again["password"]


async def test_whatever_lists_lists_for_programs_too(home: Home) -> None:
    """`--json` is one document on standard output, and nothing else."""

    async def told(*command: str) -> Any:
        outcome = await home.run(*command, "--json")
        assert outcome.code == 0, (command, outcome.err)
        return json.loads(outcome.out)

    assert await told("user", "list") == []
    assert await told("calls", "list") == {"items": [], "total": 0}
    assert await told("flow", "check") == []
    written = await told("provision")
    assert Path(written["config"]).is_relative_to(home.folder)
    assert {"asterisk.conf", "pjsip.conf", "extensions.conf"} <= set(written["written"])
    assert await told("provision") == {"config": written["config"], "written": []}
    findings = await told("doctor")
    assert [finding["ok"] for finding in findings] == [True] * len(findings), findings


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("user", "password", "nadie"), "", "no user nadie"),
        (("user", "phone", "nadie"), "", "no user nadie"),
        (("user", "add", "rosa", "--password-stdin"), "corta\n", "al menos 10 caracteres"),
        (("user", "add", "rosa", "--password-stdin"), "", "No password came"),
        (("user", "add", "Rosa Paz"), "", "A user name is"),
        (("user", "add", "rosa", "--skill", "soporte"), "", "soporte=5"),
        (("user", "add", "rosa", "--capacity", "voice=2"), "", "voice goes from 0 to 1"),
        (("user", "add", "rosa", "--capacity", "voz=1"), "", "one of voice, task"),
        (("calls", "show", "nada"), "", "no call nada"),
        (("flow", "check", "/nonexistent-folder"), "", "nonexistent-folder"),
    ],
)
async def test_a_mistake_is_one_sentence_and_a_code(
    home: Home, arguments: tuple[str, ...], stdin: str, said: str
) -> None:
    outcome = await home.run(*arguments, stdin=stdin)
    assert outcome.code == 1, outcome
    assert said in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert "Traceback" not in outcome.err


async def test_wrong_settings_are_named(home: Home) -> None:
    outcome = await home.run("up", CENTRALITA_HTTP_PORT="ocho")
    assert outcome.code == 1
    assert "CENTRALITA_HTTP_PORT" in outcome.err
    assert not home.folder.exists()


async def test_a_port_in_use_stops_the_start_before_it_begins(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", home.port))
        taken.listen()
        outcome = await home.run("up", "--no-telephone")
    assert outcome.code == 1
    assert str(home.port) in outcome.err
    assert "CENTRALITA_HTTP_PORT" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


async def test_a_home_that_cannot_be_made_is_named(home: Home, short_folder: Path) -> None:
    (short_folder / "file").write_text("not a folder")
    below = str(short_folder / "file" / "home")
    outcome = await home.run("user", "list", CENTRALITA_HOME=below)
    assert outcome.code == 1
    assert below in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


async def test_a_broken_flow_stops_the_start_with_file_and_line(home: Home, tmp_path: Path) -> None:
    flows = tmp_path / "flows" / "demo"
    flows.mkdir(parents=True)
    (flows / "demo.yaml").write_text("start: saludo\nsteps:\n  saludo:\n    sayy: Hola\n")
    outcome = await home.run("up", "--no-telephone", CENTRALITA_FLOWS_FOLDER=str(tmp_path / "flows"))
    assert outcome.code == 1
    assert "demo.yaml:" in outcome.err
    assert "Traceback" not in outcome.err
    checked = await home.run("flow", "check", str(flows), "--json")
    assert checked.code == 1
    assert json.loads(checked.out)[0]["line"] > 0


async def test_names_that_do_not_exist_stop_the_start_and_both_checks(home: Home, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    for flow in (ROOT / "ivr_flows" / "flows" / "demo").iterdir():
        (tmp_path / "demo" / flow.name).write_text(
            flow.read_text().replace("name: facturacion", "name: factura")
        )
    folder = {"CENTRALITA_FLOWS_FOLDER": str(tmp_path)}
    for command in (("up", "--no-telephone"), ("flow", "check", "--lang", "en"), ("doctor", "--json")):
        told = await home.run(*command, **folder)
        assert told.code == 1, command
        assert "factura" in told.err or command[0] == "doctor", told
    centre = home.folder / "centre.yaml"
    centre.write_text(centre.read_text().replace("flow: demo", "flow: demmo", 1))
    for command in (("up", "--no-telephone"), ("flow", "check"), ("doctor", "--json")):
        told = await home.run(*command)
        assert told.code == 1, command
        assert "did you mean `demo`?" in told.out + told.err, told


async def test_a_damaged_database_stops_the_start(home: Home) -> None:
    home.folder.mkdir()
    (home.folder / "centralita.db").write_bytes(b"not a database at all" * 500)
    outcome = await home.run("up", "--no-telephone")
    assert outcome.code == 1
    assert "centralita.db" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


async def test_a_first_run_that_failed_leaves_no_people_with_unknown_passwords(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = await home.run("up", CENTRALITA_ASTERISK_HTTP_PORT=str(taken.getsockname()[1]))
    assert outcome.code == 1
    assert "CENTRALITA_ASTERISK_HTTP_PORT" in outcome.err
    assert json.loads((await home.run("user", "list", "--json")).out) == []


async def test_up_shows_first_passwords_once_serves_and_stops_cleanly(home: Home) -> None:
    async with home.up() as process:
        assert stat.S_IMODE((home.folder / "secrets.json").stat().st_mode) == 0o600
        added = json.loads((await home.run("user", "add", "rosa", "--json")).out)
        body = {"username": "rosa", "password": added["password"]}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http, asyncio.timeout(TIMEOUT_S):
            url = f"http://127.0.0.1:{home.port}/api/v1"
            async with http.post(f"{url}/session", json=body) as answer:
                assert answer.status == 200
            # A person added while it runs becomes an agent without a restart.
            while True:
                async with http.get(f"{url}/me/work") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(LOOK_S)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    shown = out.decode()
    assert f"http://127.0.0.1:{home.port}/" in shown
    assert all(f"\n  {name} " in shown for name in ("admin", "sofia", "ana", "luis", "diego"))
    assert added["password"] not in shown + err.decode()
    async with home.up() as process:
        second = await home.run("up", "--no-telephone", CENTRALITA_HTTP_PORT=str(_free_port()))
        assert second.code == 1
        assert "in use by another Centralita" in second.err
    out, _ = await process.communicate()
    assert "admin" not in out.decode()
    with sqlite3.connect(home.folder / "centralita.db") as database:
        stored = "\n".join(database.iterdump())
    assert added["password"] not in stored
    assert json.loads((home.folder / "secrets.json").read_text())["ari_password"] not in stored
