"""Fault 24: ARI and AMI with a default or empty password, or open to a network: refuses to start, and says why."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contact_centre.secrets_file import KNOWN_DEFAULTS, Secrets, load_secrets
from contact_centre.settings import load_settings
from tests.asterisk.test_e2e_refusals import is_one_clear_refusal, nothing_is_left
from tests.instance import Instance, free_ports, prepare, running
from voice_core.errors import InvalidInputError

GOOD = "k3Jx9_wQ7-pLm2Rt5VbN8zYc"
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
slow = pytest.mark.slow


def with_secrets(home: Path, **changed: Any) -> None:
    """A secrets.json as an operator, or whoever got in, left it. None: the name is not there."""
    home.mkdir(mode=0o700, parents=True)
    values = {name: GOOD + name[:3] for name in Secrets.model_fields} | changed
    path = home / "secrets.json"
    path.write_text(json.dumps({name: value for name, value in values.items() if value is not None}))
    path.chmod(0o600)


@slow
@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("up", "ari_password", ""),
        ("run controller", "ami_password", "amp111" * 4),
        ("run asterisk", "ari_password", None),
    ],
)
async def test_a_guessable_password_of_ari_or_ami(
    tmp_path: Path, command: str, name: str, value: str | None
) -> None:
    instance = prepare(tmp_path / "home")
    with_secrets(instance.home, **{name: value})
    outcome = await instance.command(*command.split(), check=False)
    is_one_clear_refusal(outcome, "secrets.json", name, "guessable")
    assert value != "amp111" * 4 or value not in outcome.out + outcome.err, "the password itself is not told"
    assert not (instance.home / "asterisk" / "etc" / "manager.conf").exists()
    await nothing_is_left(instance)


@slow
@pytest.mark.timeout(90)
async def test_ari_beyond_loopback(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home", asterisk_http_host="0.0.0.0")
    outcome = await instance.command("up", check=False)
    is_one_clear_refusal(outcome, "CENTRALITA_ASTERISK_HTTP_HOST", "loopback", "0.0.0.0")
    await nothing_is_left(instance)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.10", "10.0.0.1", "::ffff:192.0.2.10", "*"])
def test_no_way_of_saying_it_opens_ari(tmp_path: Path, address: str) -> None:
    home = {"CENTRALITA_HOME": str(tmp_path)}
    with pytest.raises(InvalidInputError, match="CENTRALITA_ASTERISK_HTTP_HOST"):
        load_settings(home | {"CENTRALITA_ASTERISK_HTTP_HOST": address})
    (tmp_path / "centralita.yaml").write_text(f'asterisk_http_host: "{address}"\n')
    with pytest.raises(InvalidInputError, match=r"`asterisk_http_host` in .*centralita\.yaml"):
        load_settings(home)


def test_there_is_no_setting_that_opens_ami(tmp_path: Path) -> None:
    (tmp_path / "centralita.yaml").write_text('ami_host: "0.0.0.0"\n')
    with pytest.raises(InvalidInputError, match="ami_host"):
        load_settings({"CENTRALITA_HOME": str(tmp_path)})


@slow
@pytest.mark.timeout(120)
@pytest.mark.asyncio(loop_scope="session")
async def test_asterisks_own_files_are_put_right_before_it_starts(tmp_path: Path) -> None:
    """Somebody opened both in the rendered files: what runs listens on loopback alone, with our passwords."""
    home = tmp_path / "home"
    instance = prepare(home)
    etc = home / "asterisk" / "etc"
    etc.mkdir(mode=0o700, parents=True)
    (etc / "manager.conf").write_text(
        "[general]\nenabled=yes\nbindaddr=0.0.0.0\n[admin]\nsecret=amp111\nread=all\nwrite=all\n"
    )
    (etc / "http.conf").write_text("[general]\nenabled=yes\nbindaddr=0.0.0.0\n")
    (etc / "ari.conf").write_text("[general]\nenabled=yes\n[asterisk]\ntype=user\npassword=asterisk\n")
    async with running(instance, people=()):
        settings = load_settings(instance.environment)
        for port in (settings.ami_port, settings.asterisk_http_port):
            assert listening_on(port) <= LOOPBACK, port
            assert listening_on(port), port
        await default_passwords_open_nothing(instance)


@slow
@pytest.mark.asyncio(loop_scope="session")
async def test_what_runs_listens_on_loopback_and_knows_no_default(centralita: Instance) -> None:
    settings = load_settings(centralita.environment)
    for port in (settings.ami_port, settings.asterisk_http_port):
        assert listening_on(port), port
        assert listening_on(port) <= LOOPBACK, port
    await default_passwords_open_nothing(centralita)


async def default_passwords_open_nothing(instance: Instance) -> None:
    settings = load_settings(instance.environment)
    url = f"{settings.ari_url}/asterisk/info"
    users = ("asterisk", "centralita", "admin", "ari", "freepbx")
    async with aiohttp.ClientSession() as http:
        for user in users:
            for password in ("", "asterisk", "centralita", "admin", "amp111"):
                async with http.get(url, headers=signed(user, password)) as answer:
                    assert answer.status == 401, (user, password)
        good = signed("centralita", load_secrets(instance.home).ari_password)
        async with http.get(url, headers=good) as answer:
            assert answer.status == 200, "the way in exists, so the refusals above mean something"
    for user, secret in (("admin", "amp111"), ("centralita", ""), ("centralita", "centralita")):
        assert "Error" in await ami_says(settings.ami_port, user, secret), (user, secret)
    assert "Success" in await ami_says(
        settings.ami_port, "centralita", load_secrets(instance.home).ami_password
    )


def signed(user: str, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


async def ami_says(port: int, user: str, secret: str) -> str:
    """What AMI answers to this login."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            await reader.readline()  # the banner
            return (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.close()


def listening_on(port: int) -> set[str]:
    """The addresses this TCP port is open at, as the kernel writes them."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, _, number = line.split()[1].partition(":")
            if line.split()[3] == "0A" and int(number, 16) == port:
                found.add(address)
    return found


def test_the_look_at_the_kernel_tells_open_from_loopback() -> None:
    (port,) = free_ports(1)
    with socket.socket() as open_to_all:
        open_to_all.bind(("0.0.0.0", port))
        open_to_all.listen()
        assert not listening_on(port) <= LOOPBACK


@pytest.mark.parametrize(
    "weak",
    ["", "asterisk", "centralita", "changemechangeme", "a" * 32, "passwordpassword", "Centralita-2026-x9",
     "1234567890abcdef", "abcabcabcabcabcabc", "k3Jx9_wQ7-pLm2R\nt5VbN8zYc", "k3Jx9;wQ7-pLm2Rt5VbN8zYc", "ñandú-ñandú-k3Jx9wQ"],
)  # fmt: skip
def test_what_is_guessable_or_unfit_for_asterisks_files(weak: str) -> None:
    with pytest.raises(ValidationError):
        Secrets(ari_password=weak, ami_password=GOOD, session_key=GOOD)


@given(st.sampled_from(KNOWN_DEFAULTS), st.text("kJx9wQ7pLm2Rt5VbN8zYc", max_size=30))
def test_a_known_default_is_refused_however_it_is_lengthened(word: str, more: str) -> None:
    with pytest.raises(ValidationError):
        Secrets(ari_password=more + word.upper() + more, ami_password=GOOD, session_key=GOOD)


def test_what_we_make_up_is_always_taken(tmp_path: Path) -> None:
    seen = set()
    for number in range(300):
        home = tmp_path / str(number)
        home.mkdir()
        made = load_secrets(home)
        seen |= {made.ari_password, made.ami_password, made.session_key}
    assert len(seen) == 900
