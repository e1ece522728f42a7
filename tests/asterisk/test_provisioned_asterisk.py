"""What `provision` renders, proved on a real Asterisk with real calls."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from ari_apps.ari import AriClient
from ari_apps.ari.events import StasisStart
from ari_apps.speech import Speech
from contact_centre.asterisk_installation import find_asterisk, find_espeak
from contact_centre.asterisk_process import AsteriskProcess
from contact_centre.provision import CONTROLLER_TAKES_S, AgentPhone, provision
from contact_centre.scripted_caller import CallRefusedError, Line, RegistrationError, Sound
from contact_centre.scripted_caller.hearing import rms, tone_share
from tests.asterisk.box import AsteriskBox, free_settings, running_asterisk
from voice_core.errors import UnavailableError

pytestmark = pytest.mark.timeout(60)

TRUNK = "127.0.0.2"
PHONE = "127.0.0.1"
RATE_HZ = 8000  # of a recording


async def test_boots_without_a_complaint(asterisk: AsteriskBox) -> None:
    lines = asterisk.boot_log.splitlines()
    assert lines
    assert [line for line in lines if " ERROR[" in line or " WARNING[" in line] == []


async def test_without_a_controller_the_caller_hears_the_message_and_is_recorded_on_two_sides(
    asterisk: AsteriskBox,
) -> None:
    async with Line(TRUNK, server=asterisk.server) as line:
        call = await line.call("102", from_number="59322222222")
        await call.answered()
        call.play_tone(440)
        await call.hears_sound(Sound.SPEECH, within_s=5)
        await call.listen(1.0)
        call.hang_up()
    recording = await _only_recording(asterisk)
    sides = np.frombuffer(recording.read_bytes()[: recording.stat().st_size // 4 * 4], dtype="<i2").reshape(
        -1, 2
    )
    left, right = sides[:, 0], sides[:, 1]
    assert tone_share(left[-RATE_HZ:], 440) > 0.9, "left: what the caller says"
    assert rms(right) > 100, "right: what the caller hears"
    assert tone_share(right, 440) < 0.1
    assert 1.0 < len(sides) / RATE_HZ < 8.0, "8000 frames a second"


async def test_way_out_rings_the_agents_phones(asterisk: AsteriskBox) -> None:
    async with Line(TRUNK, server=asterisk.server) as line, Line(PHONE, server=asterisk.server) as phone:
        await phone.register("ana-sip", asterisk.phones["ana"].sip_password)
        call = await line.call("101", from_number="59322222222")
        rung = await phone.rings()
        await rung.answer()
        await call.answered()
        rung.play_tone(440)
        call.play_tone(620)
        await asyncio.gather(call.hears(440), rung.hears(620))
        await phone.unregister()


async def test_way_out_speaks_at_once_when_no_phone_is_registered(asterisk: AsteriskBox) -> None:
    """101 has a queue of people; with none of their phones there, the caller is not left with its music."""
    members = await asterisk.process.command("queue show way-out-101")
    assert members.count("PJSIP/") == members.count("(Unavailable)") == 4
    async with Line(TRUNK, server=asterisk.server) as line:
        call = await line.call("101", from_number="59322222222")
        await call.answered()
        assert await call.hears_sound(Sound.SPEECH, Sound.MUSIC, within_s=8) is Sound.SPEECH
        assert "!way-out!101!" in await asterisk.process.command("core show channels concise")


async def test_a_caller_whom_the_controller_never_takes_in_hand_goes_the_way_out(
    asterisk: AsteriskBox,
) -> None:
    """A controller that freezes, or dies as the call comes to it: Stasis() let the caller in, and nobody serves it."""
    async with (
        AriClient.connect(asterisk.settings.ari_url, *asterisk.ari_user, "centralita") as frozen,
        Line(TRUNK, server=asterisk.server) as line,
    ):
        call = await line.call("102", from_number="59322222222")
        async for event in frozen.events():
            if isinstance(event, StasisStart):
                break
        await call.answered(timeout_s=CONTROLLER_TAKES_S + 5)
        assert await call.hears_sound(Sound.SPEECH, within_s=5) is Sound.SPEECH
        assert "!way-out!102!" in await asterisk.process.command("core show channels concise")


@pytest.mark.parametrize("number", ["999", "T"])
async def test_an_unknown_number_is_refused_by_sip_itself(asterisk: AsteriskBox, number: str) -> None:
    async with Line(TRUNK, server=asterisk.server) as line:
        call = await line.call(number)
        with pytest.raises(CallRefusedError) as refusal:
            await call.answered()
    assert refusal.value.status == 404


async def test_a_stranger_is_refused(asterisk: AsteriskBox) -> None:
    async with Line("127.0.0.9", server=asterisk.server) as line:
        call = await line.call("101")
        with pytest.raises(CallRefusedError) as refusal:
            await call.answered()
    assert refusal.value.status == 401


async def test_a_wrong_phone_password_is_refused(asterisk: AsteriskBox) -> None:
    async with Line(PHONE, server=asterisk.server) as phone:
        with pytest.raises(RegistrationError):
            await phone.register("ana-sip", "wrong")


async def test_ari_and_ami_refuse_without_their_password(asterisk: AsteriskBox) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{asterisk.settings.ari_url}/asterisk/ping"
        async with session.get(url, headers=_basic("centralita", "asterisk")) as answer:
            assert answer.status == 401
        async with session.get(url, headers=_basic(*asterisk.ari_user)) as answer:
            assert answer.status == 200
    reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.settings.ami_port)
    writer.write(b"Action: Login\r\nUsername: centralita\r\nSecret: centralita\r\n\r\n")
    reply = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    assert b"Response: Error" in reply


async def test_nothing_listens_beyond_loopback(asterisk: AsteriskBox) -> None:
    async with Line(TRUNK, server=asterisk.server) as line:
        call = await line.call("102")
        await call.answered()  # RTP ports are open now
        assert asterisk.process.pid is not None
        listening = _listening_addresses(asterisk.process.pid)
    assert listening
    assert {address for address in listening if not address.startswith("127.")} == set()


async def test_a_browser_phone_is_offered_dtls_ice_and_opus(asterisk: AsteriskBox) -> None:
    """The INVITE a browser would get, sent to a plain socket instead."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.bind(("127.0.0.1", 0))
        far_end.setblocking(False)
        target = f"PJSIP/ana/sip:ana@127.0.0.1:{far_end.getsockname()[1]}"
        async with aiohttp.ClientSession(headers=_basic(*asterisk.ari_user)) as session:
            body = {"endpoint": target, "extension": "101", "context": "way-out", "priority": 1}
            url = f"{asterisk.settings.ari_url}/channels"
            async with session.post(url, json=body) as answer:
                assert answer.status == 200, await answer.text()
        invite = (await asyncio.wait_for(loop.sock_recv(far_end, 65536), 5)).decode()
    assert "a=fingerprint:SHA-256" in invite
    assert "a=rtcp-mux" in invite
    assert "opus/48000/2" in invite
    candidates = [
        line.split()[4]
        for line in invite.splitlines()
        if line.startswith("a=candidate") and "typ host" in line
    ]
    assert "127.0.0.1" in candidates


async def test_a_changed_phone_password_works_after_a_reload(tmp_path: Path) -> None:
    async with running_asterisk(tmp_path / "home", users=("ana",)) as box:
        phone = AgentPhone("ana", "a-new-password-1234", "another-new-password-1234")
        speech = Speech(box.settings.asterisk_home / "sounds", program=find_espeak() or "espeak-ng")
        changed = await provision(box.settings, box.secrets, box.centre, [phone], box.installation, speech)
        assert changed == {"pjsip.conf"}
        await box.process.command("module reload res_pjsip.so")
        async with Line(PHONE, server=box.server) as line:
            await line.register("ana-sip", "another-new-password-1234")


async def test_started_again_when_it_dies_and_ended_with_its_owner(tmp_path: Path) -> None:
    async with running_asterisk(tmp_path / "home", users=()) as box:
        first = box.process.pid
        assert first is not None
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(box.process.supervise())
            Path(f"/proc/{first}").stat()
            _kill(first)
            async with asyncio.timeout(20):
                while box.process.pid in (first, None) or "fully" not in await _booted(box.process):
                    await asyncio.sleep(0.05)
            watch.cancel()
        second = box.process.pid
        assert second != first
    assert not Path(f"/proc/{second}").exists()


async def test_it_ends_with_an_owner_that_was_killed(tmp_path: Path) -> None:
    async with _owner_in_another_process(tmp_path / "home") as (owner, pid):
        owner.kill()
        await owner.wait()
        await _gone(pid)


async def test_one_left_over_in_the_home_is_ended_first(tmp_path: Path) -> None:
    """As after a kill where the kernel could not end it with its owner."""
    async with running_asterisk(tmp_path / "home", users=()) as box:
        home = box.settings.asterisk_home
        await box.process.stop()
        command = [str(box.installation.program), "-f", "-C", str(home / "etc" / "asterisk.conf")]
        left_over = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(20):
                while "fully" not in await _booted(box.process):
                    await asyncio.sleep(0.05)
            await box.process.start()
            assert await asyncio.wait_for(left_over.wait(), 5) == 0
            assert box.process.pid not in (None, left_over.pid)
        finally:
            if left_over.returncode is None:
                left_over.kill()


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    settings = free_settings(tmp_path / "home")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", settings.ami_port))
        other.listen()
        process = AsteriskProcess(settings, find_asterisk())
        with pytest.raises(UnavailableError, match=f"port {settings.ami_port} .*CENTRALITA_AMI_PORT"):
            await process.start()
    assert process.pid is None


async def test_a_home_is_run_once(asterisk: AsteriskBox) -> None:
    second = AsteriskProcess(asterisk.settings, asterisk.installation)
    with pytest.raises(UnavailableError, match="already in use by another Centralita"):
        await second.start()
    assert "fully booted" in await asterisk.process.command("core waitfullybooted")


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


OWNER = """
import asyncio, sys
from pathlib import Path
from tests.asterisk.box import running_asterisk

async def main() -> None:
    async with running_asterisk(Path(sys.argv[1]), users=()) as box:
        print(box.process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def _owner_in_another_process(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    root = Path(__file__).resolve().parents[2]
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(home), cwd=root, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    try:
        line = await asyncio.wait_for(owner.stdout.readline(), 30)
        yield owner, int(line)
    finally:
        if owner.returncode is None:
            owner.kill()


async def _gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)


async def _booted(process: AsteriskProcess) -> str:
    try:
        return await process.command("core waitfullybooted")
    except UnavailableError:
        return ""


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def _only_recording(box: AsteriskBox) -> Path:
    """The one that is complete: MixMonitor closes its file a moment after the hang-up."""
    async with asyncio.timeout(5):
        while "0 active channels" not in await box.process.command("core show channels count"):
            await asyncio.sleep(0.05)
    files = sorted(box.settings.recordings.glob("*.raw"), key=lambda path: path.stat().st_mtime)
    assert files
    return files[-1]


def _listening_addresses(pid: int) -> set[str]:
    """Addresses this process listens on: TCP, and UDP that is unconnected.

    Left out: a UDP socket on a port the kernel chose for any address. It is the DNS client of PJSIP, which serves nobody.
    """
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    inodes = {
        target.split("[")[1].rstrip("]")
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if "socket:" in (target := _link(link))
    }
    found: set[str] = set()
    for table, state in (("tcp", "0A"), ("udp", "07"), ("tcp6", "0A"), ("udp6", "07")):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == state:
                address, port = fields[1].split(":")
                packed = bytes.fromhex(address)
                if table.startswith("udp") and not any(packed) and low <= int(port, 16) <= high:
                    continue
                found.add(
                    socket.inet_ntop(socket.AF_INET, packed[::-1]) if len(packed) == 4 else packed.hex()
                )
    return found


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
