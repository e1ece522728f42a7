"""Fault 23: a copy is taken while calls are up, and put back elsewhere. Counts and hashes are equal, recordings play."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tarfile
import wave
from pathlib import Path

import pytest

from contact_centre.access.service import NewUser
from contact_centre.backup.errors import DatabaseTakenError
from contact_centre.backup.manifest import Manifest
from contact_centre.backup.restoring import restore_backup
from contact_centre.backup.taking import Taken, take_backup
from contact_centre.books import Books, open_books
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.settings import Settings
from tests.contract_store import T0, contact, full
from tests.databases import fresh_database
from tests.instance import Api, Instance, prepare
from tests.people import at_desk, closed, dial_in, newest_from
from tests.postgres.test_up_on_postgres import checks, up
from tests.postgres_server import PostgresServer
from voice_core.clock import SystemClock
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.queries import Filter

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(240)]
START_TIMEOUT_S = 40.0
TONE = 440


async def test_taken_with_calls_up_and_put_back_elsewhere(centralita: Instance, tmp_path: Path) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
    ):
        first = await dial_in(trunk, "2", caller="0992300001")
        _, over = await ana.takes()
        first.hang_up()
        await ana.finish(over["id"])
        await closed(sofia, over["id"])
        await sofia.until(f"/calls/{over['id']}", stored)
        talking = await dial_in(trunk, "2", caller="0992300002")
        leg, live = await ana.takes()
        choosing = await trunk.call("101", from_number="0992300003")
        await choosing.answered()
        talking.play_tone(TONE)
        taken = await centralita.command("backup", str(tmp_path), "--json")
        await leg.hears(TONE)  # nobody noticed
        await choosing.listen(0.2)
        choosing.hang_up()
        talking.hang_up()
        await ana.finish(live["id"])
        choosing_id = (await newest_from(sofia, "0992300003"))["id"]
    file = Path(taken.json["file"])
    assert f"{live['id']}.r1" in taken.json["left_out"]["running"]
    assert f"{choosing_id}.r1" in taken.json["left_out"]["running"]
    elsewhere = prepare(tmp_path / "two")
    restored = await elsewhere.command("restore", str(file), "--json")
    told = ("tables", "files", "revision", "left_out", "made_at")
    assert [restored.json[name] for name in told] == [taken.json[name] for name in told]
    everything_is_there(manifest_of(file), elsewhere.home)
    assert node_of(elsewhere) != node_of(centralita)
    await the_same_is_told(centralita, elsewhere, over["id"])
    await the_recording_plays(elsewhere, over["id"])


def stored(record: dict[str, list[dict[str, str]]]) -> bool:
    return [each["state"] for each in record["recordings"]] == ["stored"]


def manifest_of(file: Path) -> Manifest:
    with tarfile.open(file) as tar:
        source = tar.extractfile("manifest.json")
        assert source is not None
        return Manifest.model_validate_json(source.read())


def everything_is_there(manifest: Manifest, home: Path) -> None:
    names = [name for name in manifest.files if name.startswith("home/")]
    assert any(name.startswith("home/recordings/") for name in names)
    for name in names:
        content = (home / name.removeprefix("home/")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == manifest.files[name].sha256


async def the_same_is_told(one: Instance, two: Instance, call_id: str) -> None:
    said = await asyncio.gather(*(each.command("calls", "show", call_id) for each in (one, two)))
    assert said[0] == said[1]
    assert "recording_stored" in said[0].out


async def the_recording_plays(instance: Instance, call_id: str) -> None:
    async with up(instance):
        await checks(instance, START_TIMEOUT_S)
        async with Api(instance, "sofia") as sofia:
            record = await sofia.get(f"/calls/{call_id}")
            recording = record["recordings"][0]
            sound = await sofia.get(f"/recordings/{recording['id']}/audio")
    assert hashlib.sha256(sound).hexdigest() == recording["sha256"]
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(recording["length_s"], abs=0.01)


def node_of(instance: Instance) -> str:
    return (instance.home / "node-id").read_text()


async def test_on_postgresql_as_of_one_moment(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes all the while; what is restored is one moment of it, and goes on counting from there."""
    urls = [await fresh_database(postgres_server, template) for template in ("migrated", "template1")]
    one = Settings(home=tmp_path / "one", database_url=urls[0])
    two = Settings(home=tmp_path / "two", database_url=urls[1])
    async with open_books(one, load_centre(ensure_centre_file(one))) as books:
        await books.access.add(
            NewUser("rosa", "Ñusta Quispe", ("agent",), {"es": 5}, "es"), "una-clave-nueva-7"
        )
        await books.store.commit(
            Change((full(),), entries=(Entry("i1", T0, Kind.OPENED, "ana", {"é": "\\\n\t"}),))
        )
        writing = asyncio.create_task(keep_writing(books))
        taken = await take(one, tmp_path / "copy.tar")
        writing.cancel()
    monkeypatch.setenv("CENTRALITA_HOME", str(two.home))
    monkeypatch.setenv("CENTRALITA_DATABASE_URL", urls[1])
    restored = await restore_backup(two, taken.file, lambda _step, _data: None)
    assert restored.manifest == taken.manifest
    contacts, lines = (taken.manifest.tables[name].rows for name in ("interactions", "ledger"))
    assert contacts == lines > 0  # each was stored with its line
    assert (await take(two, tmp_path / "again.tar")).manifest.tables == taken.manifest.tables
    async with open_books(two, load_centre(ensure_centre_file(two))) as books:
        assert await books.store.interaction("i1") == full()
        assert (await books.queries.search(Filter())).total == contacts
        await books.store.commit(Change((contact("later"),), entries=(line("later"),)))
    monkeypatch.setenv("CENTRALITA_HOME", str(tmp_path / "three"))
    with pytest.raises(DatabaseTakenError):
        await restore_backup(Settings(home=tmp_path / "three"), taken.file, lambda _step, _data: None)


async def keep_writing(books: Books) -> None:
    number = 0
    while True:
        number += 1
        await books.store.commit(Change((contact(f"w{number}"),), entries=(line(f"w{number}"),)))


def line(interaction_id: str) -> Entry:
    return Entry(interaction_id, T0, Kind.OPENED, "system", {})


async def take(settings: Settings, target: Path) -> Taken:
    return await take_backup(settings, target, SystemClock(), "console", lambda _step, _data: None)
