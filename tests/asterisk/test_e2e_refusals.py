"""Bad input, as a person at the command line meets it: one sentence, exit code ≠ 0, nothing half started."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.instance import Instance, Outcome, free_ports, prepare, run_command

pytestmark = [pytest.mark.timeout(90)]
ON_SESSION_LOOP = pytest.mark.asyncio(loop_scope="session")


def is_one_clear_refusal(outcome: Outcome, *words: str) -> None:
    """Not zero, no traceback, and the sentence names these."""
    said = outcome.out + outcome.err
    assert outcome.code != 0, said
    assert "Traceback" not in said, said
    for word in words:
        assert word in said, said


@ON_SESSION_LOOP
async def test_a_wrong_password_is_refused(centralita: Instance) -> None:
    async with aiohttp.ClientSession() as session:
        body = {"username": "ana", "password": "no es esta"}
        url = f"{centralita.url}/api/v1/session"
        async with session.post(url, json=body, headers={"Origin": centralita.url}) as answer:
            assert answer.status == 401
            error = (await answer.json())["error"]
    assert error["code"] == "wrong_credentials"
    assert "contraseña" in error["message"]


@ON_SESSION_LOOP
async def test_demo_call_to_an_unknown_number(centralita: Instance) -> None:
    outcome = await centralita.command("demo-call", "999", check=False)
    is_one_clear_refusal(outcome, "999", "101")


async def test_demo_call_when_nothing_runs(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home")
    is_one_clear_refusal(await instance.command("demo-call", "101", check=False), "make run")


async def test_a_broken_flow_file_names_file_line_and_remedy(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "roto.yaml").write_text("title: {es: Roto}\nlanguages: [es]\nsteps:\n  uno:\n    digas: hola\n")
    instance = prepare(tmp_path / "home")
    outcome = await instance.command("flow", "check", str(flows), check=False)
    is_one_clear_refusal(outcome, "roto.yaml", "digas")
    assert any(mark in outcome.out + outcome.err for mark in (":5", "5:", "línea 5", "line 5"))


async def test_up_with_a_port_in_use_names_the_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        instance = prepare(tmp_path / "home", http_port=str(port))
        is_one_clear_refusal(await instance.command("up", check=False), str(port))
    await nothing_is_left(instance)


async def test_up_with_the_sip_port_in_use_names_the_port(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        instance = prepare(tmp_path / "home", sip_port=str(port))
        is_one_clear_refusal(await instance.command("up", check=False), str(port))
    await nothing_is_left(instance)


async def test_up_with_a_broken_centre_file_names_the_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "centre.yaml").write_text("organisation:\n  name: Uno\n  zona_horaria: America/La_Paz\n")
    instance = prepare(home)
    outcome = await instance.command("up", check=False)
    is_one_clear_refusal(outcome, "centre.yaml", "3")
    await nothing_is_left(instance)


@pytest.mark.parametrize("name", ["http_port", "rtp_start"])
async def test_a_setting_that_is_not_a_number(tmp_path: Path, name: str) -> None:
    instance = prepare(tmp_path / "home")
    environment = {**instance.environment, f"CENTRALITA_{name.upper()}": "muchos"}
    is_one_clear_refusal(await run_command(environment, "doctor"), f"CENTRALITA_{name.upper()}", "muchos")


async def test_up_in_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    instance = prepare(blocker / "home")
    is_one_clear_refusal(await instance.command("up", check=False), str(blocker))
    await nothing_is_left(instance)


async def test_up_on_a_full_disk(tmp_path: Path) -> None:
    """A store on the device that is always full."""
    instance = prepare(tmp_path / "home", database_url="sqlite+aiosqlite:////dev/full")
    is_one_clear_refusal(await instance.command("up", check=False), "/dev/full")
    await nothing_is_left(instance)


async def test_up_without_asterisk_says_how_to_get_it(tmp_path: Path) -> None:
    """A copy of the checkout without `.local`, and no asterisk on the path."""
    root = Path(__file__).resolve().parents[2]
    copy = tmp_path / "checkout"
    copy.mkdir()
    rooms = ("voice_core", "ivr_flows", "ari_apps", "digital_bridge", "recorder", "contact_centre")
    for room in (*rooms, "dialplans", "asterisk-conf"):
        if (root / room).exists():
            shutil.copytree(root / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    instance = prepare(tmp_path / "home", flows_folder=str(root / "ivr_flows" / "flows"))
    environment = {**instance.environment, "PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"}
    outcome = await run_command(environment, "up", cwd=copy)
    is_one_clear_refusal(outcome, "Asterisk", "make")
    await nothing_is_left(instance)


async def nothing_is_left(instance: Instance) -> None:
    """No process of this home lives, and its ports are free again."""
    home = os.fsencode(instance.home)
    mine = [path for path in Path("/proc").glob("[0-9]*/cmdline") if home in _read(path)]
    assert mine == [], [_read(path) for path in mine]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", instance.sip_port))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
