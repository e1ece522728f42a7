"""Fault 22: an upgrade with a migration while calls are up. The controller stops, its next version starts; 0 lost."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from contact_centre.scripted_caller import Call, Line, Sound
from tests.databases import fresh_database, rows
from tests.faults.processes import ended, first_password, part, phone_secret, ready
from tests.instance import STOP_TIMEOUT_S, Api, Instance, prepare
from tests.people import Person, dial_in
from tests.postgres_server import PostgresServer
from voice_core.errors import UnavailableError
from voice_core.store import database
from voice_core.store.database import newest_revision, open_database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
TALKING, WAITING, CHOOSING = "0992200001", "0992200002", "0992200003"
CALLER_HZ, AGENT_HZ = 440, 620
NEXT_VERSION = """
import sys
from pathlib import Path
from voice_core.store import database
database._MIGRATIONS = Path(sys.argv.pop(1))
from contact_centre.__main__ import main
main()
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{before}"


def upgrade():
    op.add_column("interactions", sa.Column("colour", sa.String(16), nullable=False, server_default="red"))
    op.execute("UPDATE interactions SET colour = 'blue'")
    op.create_index("ix_ledger_kind_at", "ledger", ["kind", "at"])
    with op.batch_alter_table("agents") as agents:
        agents.alter_column("name", existing_type=sa.String(255), type_=sa.String(300))
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """Those of the next version: one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(database._MIGRATIONS, folder)
    (folder / "versions" / "next.py").write_text(MIGRATION.format(before=newest_revision()))
    return folder


async def test_calls_go_on_across_a_migration(tmp_path: Path, migrations: Path) -> None:
    instance = prepare(tmp_path / "home")
    async with (
        part(instance, "run", "asterisk"),
        part(instance, "run", "controller") as old,
        instance.trunk() as trunk,
    ):
        await ready(instance)
        async with instance.desk_phone("ana", phone_secret(instance, "ana")) as desk:
            caller, leg = await a_conversation(instance, trunk, desk)
            waiting = await dial_in(trunk, "2", caller=WAITING)
            choosing = await trunk.call("101", from_number=CHOOSING)
            await choosing.answered()
            before = await live(instance, 3)
            old.terminate()
            async with asyncio.timeout(STOP_TIMEOUT_S):
                assert await old.wait() == 0
            await both_hear(caller, leg)  # nobody is there, and nobody notices
            await instance.command("user", "add", "rosa")
            await instance.command("provision")  # Asterisk's files are new, and nobody tells it
            program = ("-c", NEXT_VERSION, str(migrations))
            async with part(instance, "run", "controller", program=program):
                await ready(instance)
                async with instance.desk_phone(
                    "rosa", phone_secret(instance, "rosa")
                ):  # registers: Asterisk has read them
                    await both_hear(caller, leg)
                assert await live(instance, 3) == before
                assert migrated(instance) == {"blue"}
                await everybody_is_served(instance, desk, (caller, leg), (waiting, choosing))
                await instance.quiet()
    assert {each: ended(instance, each) for each in before} == {
        TALKING: ["agent_hung_up"], WAITING: ["customer_hung_up"], CHOOSING: ["customer_left_flow"],
    }  # fmt: skip


async def a_conversation(instance: Instance, trunk: Line, desk: Line) -> tuple[Call, Call]:
    async with Api(instance, "ana", first_password(instance, "ana")) as ana:
        await ana.available()
        caller = await dial_in(trunk, "2", caller=TALKING)
        leg = await desk.rings(timeout_s=20)
        await leg.answer()
        caller.play_tone(CALLER_HZ)
        leg.play_tone(AGENT_HZ)
        await both_hear(caller, leg)
    return caller, leg


async def both_hear(caller: Call, leg: Call) -> None:
    await caller.hears(AGENT_HZ, within_s=5)
    await leg.hears(CALLER_HZ, within_s=5)


async def everybody_is_served(
    instance: Instance, desk: Line, talking: tuple[Call, Call], others: tuple[Call, Call]
) -> None:
    """The agent ends the conversation and, after the wrap-up, has who waited; who chooses hears the menu."""
    waiting, choosing = others
    await choosing.hears_sound(Sound.SPEECH, within_s=15)
    choosing.hang_up()
    async with Api(instance, "ana", first_password(instance, "ana")) as api:
        ana = Person(api, desk)
        [contact] = (await api.get("/me/work"))["interactions"]
        talking[1].hang_up()
        await talking[0].hung_up()
        await ana.finish(contact["id"])
        second, _ = await ana.takes()
        assert second.from_number == WAITING
        second.play_tone(AGENT_HZ)
        await waiting.hears(AGENT_HZ, within_s=10)
        waiting.hang_up()
        await second.hung_up()


async def live(instance: Instance, count: int) -> dict[str, str]:
    """Caller's number → id of the contact, of those that are up."""
    async with Api(instance, "sofia", first_password(instance, "sofia")) as sofia:
        page = await sofia.until("/calls?state=live", lambda page: page["total"] == count, 20)
    return {row["from_address"]: row["id"] for row in page["items"]}


def migrated(instance: Instance) -> set[str]:
    assert rows(instance, "SELECT version_num FROM alembic_version") == [("next",)]
    return {colour for (colour,) in rows(instance, "SELECT colour FROM interactions")}


async def test_a_migration_waits_for_no_lock_longer_than_it_may(
    postgres_server: PostgresServer, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everybody who asks for the table would queue behind it; afterwards it is as if nobody had tried."""
    url = await fresh_database(postgres_server)
    monkeypatch.setattr(database, "_MIGRATIONS", migrations)
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 0.3)
    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE interactions IN ACCESS SHARE MODE")
            with pytest.raises(UnavailableError, match="locked by another"):
                await open_database(url)
            assert await other.fetchval("SELECT version_num FROM alembic_version") != "next"
        await (await open_database(url)).dispose()
        assert await other.fetchval("SELECT version_num FROM alembic_version") == "next"
    finally:
        await other.close()
