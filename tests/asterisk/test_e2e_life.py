"""Starting and stopping as an operator does it: everything ends that was started, and only that."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Sound
from tests.instance import TRUNK_HOST, Api, Instance, prepare, running
from tests.people import closed, dial_in, newest_from

pytestmark = pytest.mark.timeout(150)


def processes_of(instance: Instance) -> list[str]:
    """Command lines that name this home."""
    home, found = os.fsencode(instance.home), []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if home in words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


async def gone(instance: Instance, timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while processes_of(instance):
            await asyncio.sleep(0.1)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_first_start_tells_a_newcomer_all_they_need(centralita: Instance) -> None:
    said = (centralita.home.parent / f"{centralita.home.name}.out").read_text()
    assert f"Panel: {centralita.url}/" in said
    assert f"Troncal de prueba: sip:127.0.0.1:{centralita.sip_port} (desde {TRUNK_HOST})" in said
    assert "Números que marcar: 101 Reclamos técnicos, 102 Facturación" in said
    assert "Probar: centralita demo-call 101 --press 1" in said
    people = re.findall(r"^  (\w+) +(\w{4}-\w{4}-\w{4}-\w{4})  .*\((\w+)\)$", said, re.MULTILINE)
    roles = {name: role for name, _, role in people}
    demo = {"admin": "admin", "sofia": "supervisor", "ana": "agent", "luis": "agent", "diego": "designer"}
    assert roles == demo
    assert len({password for _, password, _ in people}) == len(demo)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
async def test_one_signal_stops_everything_and_says_so(tmp_path: Path, signal_number: signal.Signals) -> None:
    instance = prepare(tmp_path / "home")
    async with running(instance, people=()):
        assert processes_of(instance)
        assert instance.process is not None
        instance.process.send_signal(signal_number)
        async with asyncio.timeout(20):
            assert await instance.process.wait() == 0
        await gone(instance)
    said = (tmp_path / "home.out").read_text()
    assert "Traceback" not in said


async def test_two_instances_run_side_by_side(tmp_path: Path) -> None:
    async with running(prepare(tmp_path / "one"), people=()) as one, one.trunk() as first:
        async with running(prepare(tmp_path / "two"), people=()) as two, two.trunk() as second:
            calls = [await trunk.call("101", from_number="0991410001") for trunk in (first, second)]
            for call in calls:
                await call.answered()
            await asyncio.gather(*(call.hears_sound(Sound.SPEECH, within_s=20) for call in calls))
            calls[1].hang_up()
        assert await calls[0].hears_sound(within_s=15)


async def test_a_second_start_keeps_people_and_records(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home")
    async with running(instance, people=("sofia",)), instance.trunk() as trunk:
        call = await dial_in(trunk, "3", caller="0991410002")
        call.hang_up()
        async with Api(instance, "sofia") as sofia:
            contact = await newest_from(sofia, "0991410002")
            await closed(sofia, contact["id"])
    began = time.monotonic()
    async with running(instance, people=()), Api(instance, "sofia") as sofia:
        print(f"the second start took {time.monotonic() - began:.1f} s")
        assert (await newest_from(sofia, "0991410002"))["end_reason"] == "customer_left_flow"
    assert "contraseñas" not in (tmp_path / "home.out").read_text()


async def test_after_a_kill_nothing_is_left_and_the_record_is_closed(tmp_path: Path) -> None:
    """The private Asterisk goes with its controller; the next start finds the call that nobody ended."""
    instance = prepare(tmp_path / "home")
    async with running(instance, people=("sofia",)), instance.trunk() as trunk:
        call = await dial_in(trunk, "2", caller="0991410003")
        await call.hears_sound(Sound.MUSIC, within_s=20)
        async with Api(instance, "sofia") as sofia:
            contact = await newest_from(sofia, "0991410003")
        assert contact["stage"] == "queued"
        assert instance.process is not None
        instance.process.kill()
        await instance.process.wait()
        await gone(instance)
    async with running(instance, people=()), Api(instance, "sofia") as sofia:
        record = await closed(sofia, contact["id"])
        assert record["interaction"]["end_reason"] == "lost"
