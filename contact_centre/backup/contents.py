"""What of a home belongs in a copy: what cannot be made anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contact_centre import secrets_file
from contact_centre.backup.manifest import DatabaseCopy
from contact_centre.settings import Settings
from recorder.models import RecordingState
from recorder.vault import Vault
from voice_core.store.ownership import FOLDER as JOURNAL

SETTINGS_FILE = "centralita.yaml"
FILES = ("centre.yaml", SETTINGS_FILE, secrets_file.NAME)
RECORDINGS = "recordings"
_RUNNING = (RecordingState.RUNNING, RecordingState.PAUSED)


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording's file, where it lies and what its row says of it ("" when nothing yet)."""

    recording: str
    name: str  # below the home
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    files: tuple[tuple[str, Path], ...]  # (name below the home, where it lies)
    sounds: tuple[Sound, ...]
    running: tuple[str, ...]  # recordings whose calls are up: their files are not whole
    flows: str | None


def contents_of(settings: Settings, database: DatabaseCopy) -> Contents:
    """Recordings are those the database copy tells of: neither a row without its file nor a file without its row.

    Raises VaultError for a row whose path leads outside the vault.
    """
    home = settings.home
    flows = _below(home, settings.flows_folder)
    folders = [home / "asterisk" / "music", *([settings.flows_folder] if flows is not None else [])]
    named = [path for name in FILES if (path := home / name).is_file()]
    walked = [path for folder in folders for path in _walk(folder)]
    return Contents(
        files=tuple((str(path.relative_to(home)), path) for path in (*named, *walked, *_set_aside(home))),
        sounds=tuple(_sounds(settings, database)),
        running=tuple(each.id for each in database.recordings if each.state in _RUNNING),
        flows=flows,
    )


def journal_is_pending(home: Path) -> bool:
    """Commits were acknowledged that are not in the database yet."""
    path = home / JOURNAL / "changes.jsonl"
    return path.is_file() and path.stat().st_size > 0


def _sounds(settings: Settings, database: DatabaseCopy) -> Iterator[Sound]:
    vault = Vault(settings.home / RECORDINGS)
    for each in database.recordings:
        if each.path:
            yield Sound(each.id, f"{RECORDINGS}/{each.path}", vault.path(each.path), each.sha256)
        elif each.state == RecordingState.FAILED:  # whole, and waiting in the spool for a vault that takes it
            for folder in (node.recordings for node in settings.each_node()):
                for name in (each.channel_id, f"{each.channel_id}.raw"):
                    if (path := folder / name).is_file() and path.is_relative_to(settings.home):
                        yield Sound(each.id, str(path.relative_to(settings.home)), path, "")


def _set_aside(home: Path) -> list[Path]:
    """What a person has yet to compare with the records; the journal itself is empty."""
    return [path for path in _walk(home / JOURNAL) if path.name != "changes.jsonl"]


def _walk(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _below(home: Path, folder: Path) -> str | None:
    return str(folder.relative_to(home)) if folder.is_dir() and folder.is_relative_to(home) else None
