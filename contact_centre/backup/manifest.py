"""What a backup says of itself: with it, whoever restores can tell that everything came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME = "manifest.json"
FORMAT = 1

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Kind = Literal["sqlite", "postgresql"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableSeal(_Part):
    """Its rows in the order of their key: how many, and the hash of them all."""

    rows: int = Field(ge=0)
    sha256: Sha256


class FileSeal(_Part):
    size_bytes: int = Field(ge=0)
    sha256: Sha256


class LeftOut(_Part):
    """Recordings (by id) whose row is in the copy and whose file is not as it should be."""

    running: tuple[str, ...] = ()  # their calls were up
    missing: tuple[str, ...] = ()  # the vault did not have the file
    damaged: tuple[str, ...] = ()  # copied as it is; it no longer matched its own hash


class Manifest(_Part):
    format: Literal[1] = 1
    made_at: datetime
    database: Kind
    revision: str  # of the schema
    tables: Mapping[TableName, TableSeal]
    files: Mapping[str, FileSeal]  # by their names in the archive, this one left out
    left_out: LeftOut
    flows: str | None  # their folder below the home; None when the home has none of its own


@dataclass(frozen=True, slots=True)
class RecordingOf:
    """A recording as its row tells it."""

    id: str
    state: str
    channel_id: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    revision: str
    tables: Mapping[str, TableSeal]
    recordings: tuple[RecordingOf, ...]


RECORDINGS = "SELECT id, state, channel_id, path, sha256 FROM recordings ORDER BY id"
