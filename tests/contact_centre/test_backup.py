"""Copies of a home that nobody runs: what is in them, and what is refused without leaving anything behind."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from contact_centre.access.service import NewUser
from contact_centre.backup.errors import (
    ArchiveDamagedError,
    ArchiveUnsafeError,
    BackupError,
    DatabaseTakenError,
    HomeTakenError,
    JournalPendingError,
    OtherDatabaseError,
)
from contact_centre.backup.restoring import Restored, restore_backup
from contact_centre.backup.taking import Taken, take_backup
from contact_centre.books import open_books
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.one_instance import one_instance
from contact_centre.secrets_file import load_secrets
from contact_centre.settings import Settings
from voice_core.clock import SystemClock
from voice_core.errors import CentralitaError, UnavailableError
from voice_core.store.database import NewerSchemaError
from voice_core.store.ownership import holder_of

pytestmark = pytest.mark.slow
PASSWORD = "una-clave-de-prueba-9"
Members = dict[str, bytes]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings, secrets, music, flows of its own; one person."""
    settings = Settings(home=tmp_path / "one", flows_folder=tmp_path / "one" / "flows")
    for name in ("flows/demo/demo.yaml", "asterisk/music/calma/uno.wav", "asterisk/etc/pjsip.conf"):
        path = settings.home / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
    load_secrets(settings.home)
    return settings


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Where to restore into; as the environment of a command would say it."""
    monkeypatch.setenv("CENTRALITA_HOME", str(tmp_path / "two"))
    monkeypatch.delenv("CENTRALITA_DATABASE_URL", raising=False)
    return Settings(home=tmp_path / "two")


async def take(settings: Settings, target: Path, told: list[str] | None = None) -> Taken:
    async with open_books(settings, load_centre(ensure_centre_file(settings))) as books:
        if not await books.access.users():
            await books.access.add(NewUser("rosa", "Rosa Paz", ("agent",), {}, "es"), PASSWORD)
    said = told if told is not None else []
    return await take_backup(
        settings, target, SystemClock(), "console", lambda step, _data: said.append(step)
    )


async def restore(settings: Settings, file: Path) -> Restored:
    return await restore_backup(settings, file, lambda _step, _data: None)


async def test_a_home_comes_back_with_all_that_cannot_be_made_anew(
    home: Settings, new: Settings, tmp_path: Path
) -> None:
    taken = await take(home, tmp_path)
    assert stat.S_IMODE(taken.file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [taken.file.name, "one"]
    assert taken.manifest.flows == "flows"
    restored = await restore(new, taken.file)
    assert restored.manifest == taken.manifest
    kept = ("centre.yaml", "secrets.json", "flows/demo/demo.yaml", "asterisk/music/calma/uno.wav")
    for name in kept:
        assert (new.home / name).read_bytes() == (home.home / name).read_bytes()
    assert not (new.home / "asterisk" / "etc").exists()
    assert holder_of(new.home) != holder_of(home.home).replace("/one ", "/two ")
    again = await take(new, tmp_path / "again.tar")
    assert again.manifest.tables == taken.manifest.tables


async def test_sessions_and_the_lease_do_not_come_back(home: Settings, new: Settings, tmp_path: Path) -> None:
    await take(home, tmp_path / "first.tar")
    with sqlite3.connect(home.home / "centralita.db") as database:
        database.execute(
            "INSERT INTO lease VALUES ('controller', 'it', 7, '2026-11-22 12:00:00', 40, '', '')"
        )
        database.execute("INSERT INTO sessions VALUES ('0', 'rosa', '2026-11-22', '2027-11-22', '127.0.0.1')")
    await restore(new, (await take(home, tmp_path / "second.tar")).file)
    with sqlite3.connect(new.home / "centralita.db") as database:
        assert database.execute("SELECT holder, token, applied FROM lease").fetchall() == [("", 7, 40)]
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


async def test_it_is_refused_where_it_would_do_harm(home: Settings, new: Settings, tmp_path: Path) -> None:
    taken = await take(home, tmp_path / "copy.tar")
    before = taken.file.read_bytes()
    for target in (taken.file, home.home / "copy.tar", tmp_path / "no" / "such" / "copy.tar"):
        with pytest.raises(BackupError):
            await take(home, target)
    journal = home.home / "journal" / "changes.jsonl"
    journal.parent.mkdir()
    journal.write_text("{}\n")
    with pytest.raises(JournalPendingError):
        await take(home, tmp_path / "other.tar")
    assert taken.file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar", "one"]
    with pytest.raises(UnavailableError, match="nothing was ever stored"):
        await take_backup(new, tmp_path / "other.tar", SystemClock(), "console", lambda _step, _data: None)


async def test_a_home_or_a_database_that_holds_something_is_refused(
    home: Settings, new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = (await take(home, tmp_path / "copy.tar")).file
    new.home.mkdir()
    (new.home / "centre.yaml").write_text("mine")
    with pytest.raises(HomeTakenError):
        await restore(new, file)
    assert (new.home / "centre.yaml").read_text() == "mine"
    (new.home / "centre.yaml").unlink()
    with one_instance(new.home), pytest.raises(UnavailableError, match="in use"):
        await restore(new, file)
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_bytes(b"mine")
    monkeypatch.setenv("CENTRALITA_DATABASE_URL", f"sqlite+aiosqlite:///{elsewhere}")
    with pytest.raises(DatabaseTakenError):
        await restore(new, file)
    monkeypatch.setenv("CENTRALITA_DATABASE_URL", "postgresql+asyncpg://x:y@127.0.0.1/z")
    with pytest.raises(OtherDatabaseError):
        await restore(new, file)
    assert elsewhere.read_bytes() == b"mine"
    assert left_in(new) == []


def with_member(name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[name] = b"harm"

    return change


def flip_a_byte(members: Members) -> None:
    database = bytearray(members["database/centralita.db"])
    database[5000] ^= 1
    members["database/centralita.db"] = bytes(database)


def lose_a_row(members: Members) -> None:
    """Whoever changes the database mends the file's seal too; the table's tells."""
    with sqlite3.connect(":memory:") as database:
        database.deserialize(members["database/centralita.db"])
        database.execute("DELETE FROM users")
        database.commit()
        changed = members["database/centralita.db"] = database.serialize()
    manifest = json.loads(members["manifest.json"])
    sealed = {"size_bytes": len(changed), "sha256": hashlib.sha256(changed).hexdigest()}
    manifest["files"]["database/centralita.db"] = sealed
    members["manifest.json"] = json.dumps(manifest).encode()


def lose_a_file(members: Members) -> None:
    del members["home/secrets.json"]


def come_from_the_future(members: Members) -> None:
    members["manifest.json"] = members["manifest.json"].replace(b'"revision": "', b'"revision": "9')


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (with_member("home/../../escaped"), ArchiveUnsafeError),
        (with_member("/etc/escaped"), ArchiveUnsafeError),
        (with_member("escaped"), ArchiveUnsafeError),
        (with_member("home/node-id"), ArchiveUnsafeError),
        (with_member("home/a\\..\\b"), ArchiveUnsafeError),
        (with_member("home/extra"), ArchiveDamagedError),
        (flip_a_byte, ArchiveDamagedError),
        (lose_a_row, ArchiveDamagedError),
        (lose_a_file, ArchiveDamagedError),
        (come_from_the_future, NewerSchemaError),
    ],
)
async def test_what_is_not_a_whole_backup_is_refused_and_nothing_is_left(
    home: Settings,
    new: Settings,
    tmp_path: Path,
    change: Callable[[Members], None],
    refusal: type[CentralitaError],
) -> None:
    file = (await take(home, tmp_path / "copy.tar")).file
    members = read(file)
    change(members)
    write(file, members)
    with pytest.raises(refusal):
        await restore(new, file)
    assert left_in(new) == []
    assert not list(tmp_path.rglob("escaped"))


async def test_links_and_cut_off_files_are_refused(home: Settings, new: Settings, tmp_path: Path) -> None:
    taken = await take(home, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "link.tar", "w") as tar:
        link = tarfile.TarInfo("home/recordings")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
    with pytest.raises(ArchiveUnsafeError):
        await restore(new, tmp_path / "link.tar")
    whole = taken.file.read_bytes()
    for length in (0, 100, 700, len(whole) // 2, len(whole) - 10240):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        with pytest.raises(ArchiveDamagedError):
            await restore(new, tmp_path / "cut.tar")
    with pytest.raises(BackupError, match="No such file"):
        await restore(new, tmp_path / "nowhere.tar")
    assert left_in(new) == []


def left_in(settings: Settings) -> list[str]:
    """But for the lock, which says nothing."""
    there = settings.home.iterdir() if settings.home.exists() else ()
    return [path.name for path in there if path.name != "centralita.lock"]


def read(file: Path) -> Members:
    with tarfile.open(file) as tar:
        return {member.name: source.read() for member in tar if (source := tar.extractfile(member))}


def write(file: Path, members: Members) -> None:
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
