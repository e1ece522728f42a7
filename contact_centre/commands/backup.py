"""`centralita backup` and `centralita restore`: the whole centre in one file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from contact_centre.commands.console import ACTOR, carry_out, print_json
from contact_centre.settings import load_settings
from voice_core.clock import SystemClock

Lang = Annotated[str, typer.Option("--lang", help="es or en")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs")]

_WORDS = {
    "database": (
        "Base de datos: {tables} tablas, {rows} filas",
        "Database: {tables} tables, {rows} rows",
    ),
    "recordings": (
        "Grabaciones: {count} ({megabytes} MB)",
        "Recordings: {count} ({megabytes} MB)",
    ),
    "running": (
        "  {count} de llamadas en curso quedan fuera: {recordings}",
        "  {count} of calls still going on are left out: {recordings}",
    ),
    "missing": (
        "  {count} no tienen archivo: {recordings}",
        "  {count} have no file: {recordings}",
    ),
    "damaged": (
        "  {count} ya no coinciden con su sello: {recordings}",
        "  {count} no longer match their seal: {recordings}",
    ),
    "files": (
        "Configuración, música y flujos propios: {count} archivos",
        "Settings, music and own flows: {count} files",
    ),
    "flows_elsewhere": (
        "  Los flujos están en {folder}, fuera de la carpeta del centro: guárdelos aparte",
        "  The flows are in {folder}, outside the centre's folder: keep a copy of them yourself",
    ),
    "taken": ("Copia: {file} ({megabytes} MB)", "Backup: {file} ({megabytes} MB)"),
    "checked": (
        "Copia del {made_at}: {files} archivos",
        "Backup of {made_at}: {files} files",
    ),
    "unpacked": ("Sellos correctos: {files} archivos", "Seals correct: {files} files"),
    "placed": ("Restaurado en {home}", "Restored into {home}"),
}


def backup(
    target: Annotated[Path, typer.Argument(metavar="DEST", help="A new file, or a folder to put it into")],
    *,
    lang: Lang = "es",
    as_json: AsJson = False,
) -> None:
    """Copy the whole centre into one file, while it runs. (Copia de seguridad.)"""
    from contact_centre.backup.taking import take_backup

    async def work() -> None:
        tell = _teller(lang, quiet=as_json)
        taken = await take_backup(load_settings(), target, SystemClock(), ACTOR, tell)
        size: dict[str, object] = {"file": taken.file, "megabytes": round(taken.size_bytes / 1e6, 1)}
        tell("taken", size)
        if as_json:
            told = {"file": taken.file, "size_bytes": taken.size_bytes}
            print_json(told | _shown(taken.manifest.model_dump()))

    carry_out(work)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `centralita backup` wrote")],
    *,
    lang: Lang = "es",
    as_json: AsJson = False,
) -> None:
    """Put a copy back, into an empty home and an empty database. (Restaurar una copia.)"""
    from contact_centre.backup.restoring import restore_backup

    async def work() -> None:
        tell = _teller(lang, quiet=as_json)
        restored = await restore_backup(load_settings(), file, tell)
        if as_json:
            told = {"home": restored.home, "database_url": restored.database}
            print_json(told | _shown(restored.manifest.model_dump()))

    carry_out(work)


def _teller(language: str, *, quiet: bool) -> Callable[[str, dict[str, object]], None]:
    def tell(step: str, data: dict[str, object]) -> None:
        if not quiet:
            typer.echo(_WORDS[step][language == "en"].format_map(data))

    return tell


def _shown(manifest: Mapping[str, object]) -> dict[str, object]:
    """The manifest, with the number of its files: their list is in the archive."""
    files = manifest["files"]
    shown = {name: value for name, value in manifest.items() if name != "files"}
    return {**to_jsonable_python(shown), "files": len(files) if isinstance(files, Mapping) else 0}
