"""Recordings over HTTP. Each access is audited by the recorder itself."""

from __future__ import annotations

from aiohttp import web

from contact_centre.access.privileges import Privilege
from contact_centre.ports import Recordings
from contact_centre.recordings.schemas import (
    AudioQuery,
    PeaksQuery,
    RecordingOut,
    RecordingPageOut,
    RecordingQuery,
    recording_out,
)
from contact_centre.web.ask import Ask
from contact_centre.web.route import route
from contact_centre.web.sound import sound
from recorder.filter import Filter


class RecordingRoutes:
    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings

    @route("GET", "/recordings", needs=Privilege.RECORDINGS, summary="Recordings, newest first")
    async def recordings(self, ask: Ask, query: RecordingQuery) -> RecordingPageOut:
        wanted = Filter(
            agent=query.agent,
            queue=query.queue,
            since=query.since,
            until=query.until,
            text=query.text,
            interaction_id=query.call,
        )
        found, total = await self._recordings.search(wanted, query.page, query.page_size)
        items = [recording_out(recording) for recording in found]
        return RecordingPageOut(items=items, total=total, page=query.page, page_size=query.page_size)

    @route("GET", "/recordings/{recording_id}", needs=Privilege.RECORDINGS, summary="One recording")
    async def recording(self, ask: Ask, recording_id: str) -> RecordingOut:
        return recording_out(await self._recordings.get(recording_id))

    @route(
        "GET",
        "/recordings/{recording_id}/peaks",
        needs=Privilege.RECORDINGS,
        summary="Its outline, to draw a waveform",
    )
    async def peaks(self, ask: Ask, recording_id: str, query: PeaksQuery) -> list[list[float]]:
        return await self._recordings.peaks(recording_id, query.points)

    @route(
        "GET",
        "/recordings/{recording_id}/audio",
        needs=Privilege.RECORDINGS,
        summary="The sound: WAV, left what the customer says, right what they hear; ranges are served",
        media="audio/wav",
    )
    async def audio(self, ask: Ask, recording_id: str, query: AudioQuery) -> web.StreamResponse:
        download = query.download == "1"
        action = "recording.download" if download else "recording.play"
        path = await self._recordings.open(recording_id, ask.username, action=action)
        return sound(ask.request, path, recording_id, download=download)
