"""Fault 8: two controllers beside one Asterisk. One owns the centre; it is killed, and the other takes its calls up.

Whom the database fences, and one that was frozen: tests/postgres/test_database_away.py, test_up_on_postgres.py.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.databases import fresh_database, rows
from tests.faults.processes import LOOK_S, ended, first_password, part, phone_secret, ready
from tests.faults.test_fault_22_upgrade_with_calls_up import TALKING, WAITING, a_conversation, both_hear
from tests.instance import Api, Instance, free_ports, prepare
from tests.people import dial_in
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
STAGES = {TALKING: "talking", WAITING: "queued"}
TAKEOVER_LIMIT_S = 8.0  # 5 s is promised; this machine may be busy with other tests


async def test_the_standby_takes_the_calls_up(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = await fresh_database(postgres_server, template="template1")
    one = prepare(tmp_path / "home", database_url=url)
    async with (
        part(one, "run", "asterisk"),
        part(one, "run", "controller") as active,
        one.trunk() as trunk,
    ):
        await ready(one)
        two = beside(one, tmp_path / "standby")
        async with part(two, "run", "controller"), one.desk_phone("ana", phone_secret(one, "ana")) as desk:
            await until_it_stands_by(two)
            caller, leg = await a_conversation(one, trunk, desk)
            waiting = await dial_in(trunk, "2", caller=WAITING)
            await until_they_are_there(one)
            active.kill()
            died = asyncio.get_running_loop().time()
            await ready(two, TAKEOVER_LIMIT_S)
            print(f"taken over {asyncio.get_running_loop().time() - died:.1f} s after the kill")
            await both_hear(caller, leg)
            assert await stages(two) == STAGES
            leg.hang_up()
            await caller.hung_up()
            waiting.hang_up()
            await two.quiet()
            await until_stored(two, 2)
    assert (ended(two, TALKING), ended(two, WAITING)) == (["agent_hung_up"], ["abandoned"])
    assert len(rows(two, "SELECT id FROM interactions")) == 2


async def until_they_are_there(instance: Instance) -> None:
    async with asyncio.timeout(20):
        while await stages(instance) != STAGES:
            await asyncio.sleep(LOOK_S)


async def stages(instance: Instance) -> dict[str, str]:
    """Caller's number → stage of the contact, of those that are up."""
    async with Api(instance, "sofia", first_password(instance, "sofia")) as sofia:
        page = await sofia.get("/calls", state="live")
    return {row["from_address"]: row["stage"] for row in page["items"]}


def beside(one: Instance, home: Path) -> Instance:
    """A home of its own that shares what is Asterisk's: its folder, the recordings, passwords, the centre's file."""
    home.mkdir()
    for shared in ("asterisk", "recordings"):
        (home / shared).symlink_to(one.home / shared)
    for copied in ("secrets.json", "centre.yaml"):
        shutil.copy(one.home / copied, home / copied)
    [port] = free_ports(1)
    own = {"CENTRALITA_HOME": str(home), "CENTRALITA_HTTP_PORT": str(port)}
    return Instance(home, {**one.environment, **own}, port, one.sip_port, one.trunk_port)


async def until_it_stands_by(instance: Instance) -> None:
    log = instance.home.parent / f"{instance.home.name}-run-controller.out"
    async with asyncio.timeout(30):
        while b"standing_by" not in log.read_bytes():
            await asyncio.sleep(LOOK_S)


async def until_stored(instance: Instance, count: int) -> None:
    """Every recording is in the vault."""
    async with asyncio.timeout(20):
        while [state for (state,) in rows(instance, "SELECT state FROM recordings")] != ["stored"] * count:
            await asyncio.sleep(LOOK_S)
