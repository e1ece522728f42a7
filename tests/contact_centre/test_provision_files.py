"""Asterisk's files: what is written, and that nothing hostile ever is. No Asterisk runs here."""

from __future__ import annotations

import asyncio
import fcntl
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_apps.speech import Speech
from contact_centre.asterisk_installation import Installation, find_asterisk, find_espeak
from contact_centre.asterisk_modules import MODULES
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.one_instance import WRITING, alone_with
from contact_centre.provision import AgentPhone, harmless, provision
from contact_centre.secrets_file import load_secrets
from contact_centre.settings import FIRST_NODE, FurtherNode, Settings, load_settings
from voice_core.errors import InvalidInputError, UnavailableError

ANA = AgentPhone("ana", "browser-password-1", "desk-phone-password-1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"CENTRALITA_HOME": str(tmp_path / "home"), "CENTRALITA_SIP_PORT": "5199"})


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in MODULES[:-1]:
        (modules / f"{name}.so").touch()
    return Installation(tmp_path / "asterisk", (22, 10, 1), modules, tmp_path / "data")


async def render_all(
    settings: Settings, installation: Installation, phones: list[AgentPhone]
) -> frozenset[str]:
    centre = load_centre(ensure_centre_file(settings))
    speech = Speech(settings.asterisk_home / "sounds", program=find_espeak() or "espeak-ng")
    return await provision(settings, load_secrets(settings.home), centre, phones, installation, speech)


async def test_a_second_rendering_changes_nothing(settings: Settings, installation: Installation) -> None:
    assert "pjsip.conf" in await render_all(settings, installation, [ANA])
    assert await render_all(settings, installation, [ANA]) == frozenset()
    luis = AgentPhone("luis", "browser-password-2", "desk-phone-password-2")
    # luis is of the way out of number 101 too
    assert await render_all(settings, installation, [luis, ANA]) == {"pjsip.conf", "queues.conf"}


async def test_one_node_alone_knows_of_no_others(settings: Settings, installation: Installation) -> None:
    await render_all(settings, installation, [ANA])
    texts = [path.read_text() for path in (settings.asterisk_home / "etc").iterdir()]
    assert not any(
        word in text for text in texts for word in ("[node", "from-node", "app_dial", "systemname")
    )


async def test_nodes_ring_each_others_phones_and_nothing_else(
    settings: Settings, installation: Installation
) -> None:
    (installation.modules / "app_dial.so").touch()
    node = FurtherNode(
        name="dos", sip_port=5299, asterisk_http_port=8299, ami_port=5298, rtp_start=21000, rtp_end=21999
    )
    house = settings.model_copy(update={"nodes": (node,)})
    pages = {}
    for each in house.each_node():
        await render_all(each, installation, [ANA])
        pages[each.node] = {path.name: path.read_text() for path in (each.asterisk_home / "etc").iterdir()}
    first, second = pages[FIRST_NODE], pages["dos"]
    assert "[node-dos](leg)" in first["pjsip.conf"]
    assert "match = 127.0.0.1:5299" in first["pjsip.conf"]
    assert "[node-asterisk-1](leg)" in second["pjsip.conf"]
    assert "match = 127.0.0.1:5199" in second["pjsip.conf"]
    assert "[node-dos]" not in second["pjsip.conf"]
    assert "systemname = dos" in second["asterisk.conf"]
    assert "systemname" not in first["asterisk.conf"]
    for page in pages.values():
        assert "load = app_dial.so" in page["modules.conf"]
        rung = page["extensions.conf"].split("[from-node]")[1].split("[as-asked]")[0]
        assert re.findall(r"^exten => ([^,]+),", rung, re.MULTILINE) == ["ana", "ana-sip"]
        assert page["extensions.conf"].count("Dial(") == 2


async def test_writers_take_turns(tmp_path: Path) -> None:
    """Of two processes that write Asterisk's files, the later has read the newer people."""
    order = []

    async def later() -> None:
        async with alone_with(tmp_path):
            order.append("later")

    async with alone_with(tmp_path):
        waits = asyncio.create_task(later())
        with (tmp_path / WRITING).open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await asyncio.to_thread(order.append, "first")
    await waits
    assert order == ["first", "later"]


async def test_only_their_owner_reads_the_files(settings: Settings, installation: Installation) -> None:
    await render_all(settings, installation, [ANA])
    etc = settings.asterisk_home / "etc"
    assert {stat.S_IMODE(path.stat().st_mode) for path in etc.iterdir()} == {0o600}
    assert stat.S_IMODE(etc.stat().st_mode) == 0o700


async def test_a_module_that_is_not_installed_is_not_loaded(
    settings: Settings, installation: Installation
) -> None:
    await render_all(settings, installation, [])
    text = (settings.asterisk_home / "etc" / "modules.conf").read_text()
    assert f"load = {MODULES[0]}.so" in text
    assert MODULES[-1] not in text


async def test_control_doors_are_on_loopback_with_our_secrets(
    settings: Settings, installation: Installation
) -> None:
    await render_all(settings, installation, [ANA])
    etc, words = settings.asterisk_home / "etc", load_secrets(settings.home)
    assert "bindaddr = 127.0.0.1" in (etc / "http.conf").read_text()
    manager = (etc / "manager.conf").read_text()
    assert "bindaddr = 127.0.0.1" in manager
    assert f"secret = {words.ami_password}" in manager
    assert "write = system,call,reporting" in manager
    assert f"password = {words.ari_password}" in (etc / "ari.conf").read_text()
    assert "bind = 127.0.0.1:5199" in (etc / "pjsip.conf").read_text()


@pytest.mark.parametrize(
    "user",
    [
        "",
        "Ana",
        "ana\n[x]",
        "ana;x",
        "a" * 41,
        "ana-sip",
        "udp",
        "trunk-demo",
        "../ana",
        "ana&luis",
        "${x}",
        "1a",
    ],
)
def test_a_hostile_phone_name_is_refused(user: str) -> None:
    with pytest.raises(InvalidInputError):
        AgentPhone(user, "browser-password-1", "desk-phone-password-1")


@pytest.mark.parametrize(
    "password", ["", "short", "with a space inside it", "new\nline-in-the-middle", "semicolon;comment-1234"]
)
def test_a_hostile_phone_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError):
        AgentPhone("ana", password, "desk-phone-password-1")


@given(st.text())
def test_no_value_can_leave_its_line_or_become_an_expression(text: str) -> None:
    try:
        written = harmless(text)
    except InvalidInputError:
        return
    assert not set(written) & set("\n\r;${}&|[]()\"'\\`<>#\x00")


async def test_music_without_files_is_refused_instead_of_silence(
    settings: Settings, installation: Installation
) -> None:
    path = ensure_centre_file(settings)
    path.write_text(path.read_text().replace("priority: 5", "priority: 5\n    music: andina"))
    with pytest.raises(InvalidInputError, match=r"andina.*WAV"):
        await render_all(settings, installation, [])


async def test_a_home_that_is_a_file_is_told(settings: Settings, installation: Installation) -> None:
    await render_all(settings, installation, [])
    spool = settings.asterisk_home / "spool"
    (spool / "recording").rmdir()
    spool.rmdir()
    spool.write_text("not a folder")
    with pytest.raises(UnavailableError, match="spool"):
        await render_all(settings, installation, [])


def test_a_missing_asterisk_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="make asterisk"):
        find_asterisk(tmp_path / "nowhere", path=str(tmp_path))


def test_an_old_asterisk_is_named(tmp_path: Path) -> None:
    program = tmp_path / "asterisk"
    program.write_text("#!/bin/sh\necho Asterisk 20.11.1\n")
    program.chmod(0o755)
    with pytest.raises(UnavailableError, match=r"is 20\.11\.1"):
        find_asterisk(tmp_path / "nowhere", path=str(tmp_path))
