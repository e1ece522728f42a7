"""Recording: every call from its first second, paused where the law or a card number asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Row, Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from recorder.description import begin
from recorder.errors import DamagedError, VaultError
from recorder.filter import Filter, conditions
from recorder.models import Recording, RecordingRow, RecordingState, as_recording
from recorder.peaks import peaks
from recorder.ports import Audit, MixMonitorControl
from recorder.vault import HEADER_BYTES, Kept, Source, Vault
from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.errors import NotFoundError, UnavailableError
from voice_core.interaction import Interaction
from voice_core.ledger import Kind
from voice_core.ports import Change, News, Notice
from voice_core.store.errors import translated
from voice_core.store.transactions import read, write

log = structlog.get_logger(__name__)

DATABASE_TIMEOUT_S = 2.0  # a call does not wait longer for its recording's row
RETRY_S = 1.0
_OPEN_STATES = (RecordingState.RUNNING, RecordingState.PAUSED)
_CUT_OFF = "Taken up after an interruption; the end may be missing."
_SPOILT = "The disk refused what was recorded for a while: part of it is missing."


@dataclass(frozen=True, slots=True)
class _Begun:
    """A recording that runs and has no row yet."""

    interaction: Interaction
    channel_id: str
    started_at: datetime
    noted: asyncio.Event = field(default_factory=asyncio.Event)


class Recorder:
    """Follows the MixMonitor files that the dialplan starts, and brings them into the vault."""

    def __init__(
        self,
        *,
        desk: Desk,
        news: News,
        clock: Clock,
        engine: AsyncEngine,
        vault: Vault,
        spool: Path,
        other_spools: Sequence[Path] = (),
        control: MixMonitorControl,
        audit: Audit,
    ) -> None:
        self._desk = desk
        self._news = news
        self._clock = clock
        self._engine = engine
        # For screens: no call waits for what they read.
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._vault = vault
        self._spools = (spool, *other_spools)  # of several Asterisks; no two write the same name
        self._control = control
        self._audit = audit
        self._owed: list[str] = []  # to be finished when the database is back
        self._begun: list[_Begun] = []  # in the order they began, until their rows are written
        self._any_begun = asyncio.Event()
        self._spoilt: set[str] = set()  # channels whose recording lacks something
        self._disk_refuses = False

    async def run(self) -> None:
        """Writes the rows of what has begun, until cancelled: no call waits for that (decision 0009)."""
        while True:
            self._any_begun.clear()
            while self._begun:
                try:
                    await self._note_begun(self._begun[0])
                except UnavailableError as error:  # Asterisk records all the same
                    log.warning("recording_noted_later", waiting=len(self._begun), error=str(error))
                    await asyncio.sleep(RETRY_S)
                    continue
                except Exception:  # one that cannot be noted must not keep back the others
                    log.exception("recording_not_noted", interaction=self._begun[0].interaction.id)
                self._begun.pop(0).noted.set()
            await self._any_begun.wait()

    async def started(self, interaction_id: str, channel_id: str) -> None:
        """Note that `channel_id` is being recorded, soon. A repeated call changes nothing."""
        row, now = self._desk.interaction(interaction_id), self._clock.now()
        came_in = row.external_id == channel_id  # recorded from its first second, whenever we hear of it
        self._begun.append(_Begun(row, channel_id, row.opened_at if came_in else now))
        self._any_begun.set()

    async def voicemail_left(self, task_id: str, name: str, seconds: int) -> None:
        """`<spool>/<name>.wav` (mono) holds a message for this task."""
        await self.started(task_id, f"{name}.wav")
        try:
            await self._finish(task_id)
        except (
            UnavailableError
        ):  # its caller does not wait for the database: with the next recording that ends
            self._owed.append(task_id)

    async def pause(self, interaction_id: str, actor: str) -> None:
        """Write silence from now on. Raises NotFoundError when nothing is being recorded."""
        await self._switch(interaction_id, actor, mute=True)

    async def resume(self, interaction_id: str, actor: str) -> None:
        await self._switch(interaction_id, actor, mute=False)

    async def finished(self, interaction_id: str) -> None:
        """The recorded channel is gone: bring its file into the vault. A failure raises an alarm, never an
        error: the call has ended well and must be closed (fault 7). A database that is away is waited for."""
        while True:
            try:
                for owed in (interaction_id, *self._owed):
                    await self._finish(owed)
                self._owed.clear()
                return
            except UnavailableError as error:
                log.warning("recording_kept_later", interaction=interaction_id, error=str(error))
                await asyncio.sleep(RETRY_S)

    async def recover(self, still: frozenset[str] = frozenset()) -> None:
        """At start: take up files whose calls ended unwatched, and those the vault refused before.

        Who lives is looked at before anything is awaited: those recordings end with their calls. `still`: channels
        Asterisk has; a contact may be over, and its caller be recorded on, talking with an outside party.
        """
        live = {interaction.id for interaction in self._desk.live()}
        waiting = (*_OPEN_STATES, RecordingState.FAILED)
        rows = await self._rows(select(RecordingRow).where(RecordingRow.state.in_(waiting)))
        for row in rows:
            if row.interaction_id not in live and row.channel_id not in still:
                await self._store(row, recovered=True)

    async def spoil(self) -> None:
        """The disk takes nothing: whatever is recorded now is flagged, in its row and in the contact's ledger."""
        self._disk_refuses = True
        self._spoilt |= {begun.channel_id for begun in self._begun}
        running = select(RecordingRow).where(RecordingRow.state.in_(_OPEN_STATES), RecordingRow.problem == "")
        rows = await self._rows(running)
        self._spoilt |= {row.channel_id for row in rows}
        for row in rows:
            await self._failed(row, row.state, _SPOILT)

    async def retry(self) -> None:
        """The disk takes again: what the vault refused is brought into it."""
        self._disk_refuses = False
        for row in await self._rows(select(RecordingRow).where(RecordingRow.state == RecordingState.FAILED)):
            await self._store(row, recovered=False)

    async def search(self, wanted: Filter, page: int = 1, page_size: int = 50) -> tuple[list[Recording], int]:
        """A page (from 1), newest first, and how many there are in all."""
        narrowed, before = conditions(wanted), (page - 1) * page_size
        order = (RecordingRow.started_at.desc(), RecordingRow.id.desc())
        ids = select(RecordingRow.id).where(*narrowed).order_by(*order).offset(before).limit(page_size)
        rows = await self._rows(select(RecordingRow).where(RecordingRow.id.in_(ids)).order_by(*order))
        if 0 < len(rows) < page_size:
            return [as_recording(row) for row in rows], before + len(rows)
        async with self._sessions() as session:
            total = await session.scalar(select(func.count()).select_from(RecordingRow).where(*narrowed))
        return [as_recording(row) for row in rows], total or 0

    async def of(self, interaction_id: str) -> list[Recording]:
        rows = await self._rows(
            select(RecordingRow)
            .where(RecordingRow.interaction_id == interaction_id)
            .order_by(RecordingRow.id)
        )
        return [as_recording(row) for row in rows]

    async def get(self, recording_id: str) -> Recording:
        return as_recording(await self._row(recording_id))

    async def open(self, recording_id: str, actor: str, *, action: str = "recording.play") -> Path:
        """The WAV file, once its hash is checked and the access noted. Raises NotFoundError, DamagedError."""
        row = await self._row(recording_id)
        if not row.path:
            raise NotFoundError(
                "This recording has no file: the call is still going on, or nothing was recorded."
            )
        await self._audit.record(actor, action, recording_id, {"interaction": row.interaction_id})
        if not await self._vault.intact(row.path, row.sha256):
            self._alarm("recording_damaged", row.interaction_id, row.id)
            raise DamagedError(
                "The file does not match the hash noted when it was stored. Restore it from a backup."
            )
        return self._vault.path(row.path)

    async def peaks(self, recording_id: str, points: int = 800) -> list[list[float]]:
        """The outline for a player; see `recorder.peaks`."""
        row = await self._row(recording_id)
        if not row.path:
            return [[], []]
        return await asyncio.to_thread(peaks, self._vault.path(row.path), points)

    async def state(self, interaction_id: str) -> str:
        """ "on", "paused", "failed" or "off", as the panel shows it. Raises UnavailableError."""
        await self._noted(interaction_id)
        running = [each for each in await self.of(interaction_id) if each.state in _OPEN_STATES]
        states = {recording.state for recording in running}
        if RecordingState.PAUSED in states:
            return "paused"
        if any(recording.problem for recording in running):
            return "failed"
        return "on" if running else "off"

    async def _switch(self, interaction_id: str, actor: str, *, mute: bool) -> None:
        wanted = RecordingState.PAUSED if mute else RecordingState.RUNNING
        await self._noted(interaction_id)
        rows = [
            row
            for row in await self._rows(
                select(RecordingRow).where(RecordingRow.interaction_id == interaction_id)
            )
            if row.state in _OPEN_STATES
        ]
        if not rows:
            raise NotFoundError("Nothing is being recorded on this call.")
        for row in rows:
            if row.state == wanted:
                continue
            await self._control.mix_monitor_mute(row.channel_id, mute)
            await self._save(row.id, state=wanted)
            kind = Kind.RECORDING_PAUSED if mute else Kind.RECORDING_RESUMED
            await self._desk.note(interaction_id, kind, actor, {"recording": row.id})

    async def _finish(self, interaction_id: str) -> None:
        """Raises UnavailableError: nothing of it was done twice when it is called again."""
        await self._noted(interaction_id)
        async with translated():
            for row in await read(self._engine, lambda connection: _open_rows(connection, interaction_id)):
                await self._store(row, recovered=False)

    async def _noted(self, interaction_id: str) -> None:
        """What has begun of this contact has its row. Raises UnavailableError when it takes too long."""
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_S):
                for begun in [each for each in self._begun if each.interaction.id == interaction_id]:
                    await begun.noted.wait()
        except TimeoutError:
            raise UnavailableError("The database did not answer in time.") from None

    async def _note_begun(self, begun: _Begun) -> None:
        """Raises UnavailableError within DATABASE_TIMEOUT_S."""
        async with translated(), asyncio.timeout(DATABASE_TIMEOUT_S):
            row_id = await self._begin(begun.interaction, begun.channel_id, begun.started_at)
        if row_id:
            said = {"recording": row_id}
            await self._desk.note(begun.interaction.id, Kind.RECORDING_STARTED, "system", said)

    async def _begin(self, interaction: Interaction, channel_id: str, started_at: datetime) -> str | None:
        return await write(
            self._engine, lambda connection: begin(connection, interaction, channel_id, started_at)
        )

    async def _store(self, row: RecordingRow | Row[Any], *, recovered: bool) -> Recording:
        source = self._source(row.channel_id)
        if not source.path.is_file():
            self._alarm("recording_lost", row.interaction_id, row.id)
            return await self._save(row.id, state=RecordingState.LOST, problem="No audio file was found.")
        try:
            kept = await self._vault.keep(source, row.id, row.started_at)
        except VaultError as error:
            self._alarm("recording_failed", row.interaction_id, row.id)
            return await self._failed(row, RecordingState.FAILED, str(error))
        spoilt = self._disk_refuses or row.channel_id in self._spoilt
        stored = await self._save_once_kept(row.id, **_kept(kept, recovered=recovered, spoilt=spoilt))
        self._spoilt.discard(row.channel_id)
        said = {"recording": row.id, "length_s": round(kept.length_s, 2), "sha256": kept.sha256}
        await self._desk.note(row.interaction_id, Kind.RECORDING_STORED, "system", said)
        return stored

    async def _failed(self, row: RecordingRow | Row[Any], state: str, problem: str) -> Recording:
        recording = await self._save(row.id, state=state, problem=problem)
        said = {"recording": row.id, "reason": problem}
        await self._desk.note(row.interaction_id, Kind.RECORDING_FAILED, "system", said)
        return recording

    def _source(self, channel_id: str) -> Source:
        if channel_id.endswith(".wav"):
            return Source(self._spooled(channel_id), channels=1, header_bytes=HEADER_BYTES)
        return Source(self._spooled(f"{channel_id}.raw"))

    def _spooled(self, name: str) -> Path:
        return next(
            (path for spool in self._spools if (path := spool / name).is_file()), self._spools[0] / name
        )

    def _alarm(self, code: str, interaction_id: str, recording_id: str) -> None:
        notice = Notice(code, interaction_id=interaction_id, data={"recording": recording_id})
        self._news.publish(Change(notices=(notice,)))

    async def _row(self, recording_id: str) -> RecordingRow:
        rows = await self._rows(select(RecordingRow).where(RecordingRow.id == recording_id))
        if not rows:
            raise NotFoundError(f"There is no recording {recording_id!r}.")
        return rows[0]

    async def _rows(self, query: Select[RecordingRow]) -> Sequence[RecordingRow]:
        async with self._sessions() as session:
            return (await session.scalars(query)).all()

    async def _save_once_kept(self, recording_id: str, **values: object) -> Recording:
        """The file is in the vault and no longer where Asterisk wrote it: its row must be told."""
        while True:
            try:
                async with translated():
                    return await self._save(recording_id, **values)
            except UnavailableError as error:
                log.warning("recording_kept_later", recording=recording_id, error=str(error))
                await asyncio.sleep(RETRY_S)

    async def _save(self, recording_id: str, **values: object) -> Recording:
        def save(connection: Connection) -> Recording:
            mine = RecordingRow.id == recording_id
            changed = (
                update(RecordingRow).where(mine).values(values).returning(*RecordingRow.__table__.columns)
            )
            return as_recording(connection.execute(changed).one())

        return await write(self._engine, save)


def _kept(kept: Kept, *, recovered: bool, spoilt: bool) -> dict[str, object]:
    cut_off = kept.cut_off or recovered
    return {
        "state": RecordingState.CUT_OFF if cut_off or spoilt else RecordingState.STORED,
        "problem": _SPOILT if spoilt else _CUT_OFF if cut_off else "",
        "path": kept.path,
        "length_s": kept.length_s,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
    }


_OPEN_OF = select(RecordingRow.__table__).where(
    RecordingRow.interaction_id == bindparam("contact"), RecordingRow.state.in_(_OPEN_STATES)
)


def _open_rows(connection: Connection, interaction_id: str) -> Sequence[Row[Any]]:
    return connection.execute(_OPEN_OF, {"contact": interaction_id}).all()
