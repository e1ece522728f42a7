"""Errors of taking and putting back a copy, on top of the domain's tree.

CentralitaError
├── BackupError              a disk refused, or the target is not one a copy may be written to
├── ArchiveDamagedError  a file of the archive is cut off, missing, or not what its manifest says
├── ArchiveUnsafeError   a name in it leads outside the home, or is not a plain file
├── HomeTakenError       the home to restore into holds something
├── DatabaseTakenError   the database to restore into holds something
├── OtherDatabaseError   a copy of SQLite cannot be put into PostgreSQL, nor the other way round
└── JournalPendingError  what was acknowledged while the database was away is not in it yet
"""

from __future__ import annotations

from pathlib import Path

from voice_core.errors import CentralitaError


class BackupError(CentralitaError):
    code = "backup_failed"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written or read: {reason}.", path=str(path), reason=reason)


class ArchiveDamagedError(CentralitaError):
    code = "archive_damaged"

    def __init__(self, file: Path, member: str) -> None:
        super().__init__(
            f"{file} is damaged or incomplete ({member}); nothing was restored. Use another backup.",
            file=str(file),
            member=member,
        )


class ArchiveUnsafeError(CentralitaError):
    code = "archive_unsafe"

    def __init__(self, file: Path, member: str) -> None:
        super().__init__(
            f"{file} holds a name no backup has ({member!r}); nothing was restored.",
            file=str(file),
            member=repr(member),
        )


class HomeTakenError(CentralitaError):
    code = "home_not_empty"

    def __init__(self, home: Path) -> None:
        super().__init__(f"{home} is not empty: restore into a new folder (CENTRALITA_HOME).", home=str(home))


class DatabaseTakenError(CentralitaError):
    code = "database_not_empty"

    def __init__(self, database: str) -> None:
        super().__init__(
            f"The database {database} is not empty: name a new one in CENTRALITA_DATABASE_URL.",
            database=database,
        )


class OtherDatabaseError(CentralitaError):
    code = "other_database"

    def __init__(self, made_on: str, here: str) -> None:
        super().__init__(
            f"This backup is of {made_on} and CENTRALITA_DATABASE_URL names {here}: "
            f"restore it into an empty {made_on}.",
            made_on=made_on,
            here=here,
        )


class JournalPendingError(CentralitaError):
    code = "journal_pending"

    def __init__(self) -> None:
        super().__init__(
            "What was decided while the database was away is not in it yet: let the centre run, then try again."
        )
