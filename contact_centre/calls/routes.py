"""Calls over HTTP: lists, one call with its ledger, commands to a live one."""

from __future__ import annotations

from aiohttp import web

from ari_apps.commands import Target
from contact_centre.access.audit import AuditLog
from contact_centre.access.privileges import Privilege
from contact_centre.calls.schemas import (
    CallOut,
    CallPageOut,
    CallQuery,
    DialBody,
    DigitsBody,
    EntryOut,
    ListenBody,
    MuteBody,
    TargetBody,
    WrapUpBody,
)
from contact_centre.calls.service import Calls
from contact_centre.live.feed import Feed
from contact_centre.live.room import Room
from contact_centre.live.schemas import InteractionOut
from contact_centre.ports import Listening, Recordings, Telephone
from contact_centre.recordings.schemas import recording_out
from contact_centre.web.ask import Ask
from contact_centre.web.route import route
from contact_centre.web.sound import sound
from voice_core.desk import Desk
from voice_core.errors import InvalidInputError, NotFoundError, UnavailableError
from voice_core.interaction import EndReason
from voice_core.store.queries import Filter


class CallRoutes:
    """What is in the books."""

    def __init__(self, calls: Calls, room: Room, recordings: Recordings) -> None:
        self._calls = calls
        self._room = room
        self._recordings = recordings

    @route("GET", "/calls", needs=Privilege.OWN_CALLS, summary="Calls, newest first; an agent sees their own")
    async def calls(self, ask: Ask, query: CallQuery) -> CallPageOut:
        wanted = Filter(
            state=query.state,
            agent=query.agent,
            queue=query.queue,
            since=query.since,
            until=query.until,
            text=query.text,
        )
        page = await self._calls.search(ask.signed, wanted, query.page, query.page_size)
        items = [self._room.interaction(row) for row in page.items]
        return CallPageOut(items=items, total=page.total, page=page.page, page_size=page.page_size)

    @route(
        "GET",
        "/calls/{call_id}",
        needs=Privilege.OWN_CALLS,
        summary="One call: its record, its ledger, its recordings",
    )
    async def call(self, ask: Ask, call_id: str) -> CallOut:
        row, entries = await self._calls.get(ask.signed, call_id)
        may_hear = ask.signed.may(Privilege.RECORDINGS)
        recordings = await self._recordings.of(call_id) if may_hear else []
        return CallOut(
            interaction=self._room.interaction(row),
            entries=[
                EntryOut(at=entry.at, kind=entry.kind, actor=entry.actor, data=dict(entry.data))
                for entry in entries
            ],
            recordings=[recording_out(recording) for recording in recordings],
        )

    @route(
        "GET",
        "/calls/{call_id}/voicemail",
        needs=Privilege.OWN_WORK,
        summary="The message a task of mine is about",
        media="audio/wav",
    )
    async def voicemail(self, ask: Ask, call_id: str) -> web.StreamResponse:
        row, _ = await self._calls.get(ask.signed, call_id)
        if row.channel != "task" or row.agent != ask.username:
            raise NotFoundError("You have no such task.", interaction=call_id)
        recordings = await self._recordings.of(call_id)
        if not recordings:
            raise NotFoundError("This task has no message.", interaction=call_id)
        path = await self._recordings.open(recordings[0].id, ask.username, action="voicemail.play")
        return sound(ask.request, path, recordings[0].id)


class CommandRoutes:
    """What the agent on a call may ask of it. The telephone checks that it is theirs; None: there is no telephone."""

    def __init__(
        self, desk: Desk, calls: Calls, room: Room, feed: Feed, telephone: Telephone | None, recordings: Recordings,
        dispositions: frozenset[str],
    ) -> None:  # fmt: skip
        self._desk = desk
        self._calls = calls
        self._room = room
        self._feed = feed
        self._telephone = telephone
        self._recordings = recordings
        self._dispositions = dispositions

    @route(
        "POST", "/calls", needs=Privilege.OWN_WORK, summary="Dial out: my telephone rings first, by itself"
    )
    async def dial(self, ask: Ask, body: DialBody) -> InteractionOut:
        return self._room.interaction(await self._phone().dial(ask.username, body.number))

    @route("POST", "/calls/{call_id}/hold", needs=Privilege.OWN_WORK, summary="The customer hears music")
    async def hold(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().hold(call_id, ask.username)
        return await self._shown(call_id)

    @route("POST", "/calls/{call_id}/resume", needs=Privilege.OWN_WORK, summary="End the hold")
    async def resume(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().resume(call_id, ask.username)
        return await self._shown(call_id)

    @route("POST", "/calls/{call_id}/mute", needs=Privilege.OWN_WORK, summary="Mute my voice, or not")
    async def mute(self, ask: Ask, call_id: str, body: MuteBody) -> InteractionOut:
        await self._phone().mute(call_id, ask.username, body.on)
        return await self._shown(call_id)

    @route(
        "POST", "/calls/{call_id}/digits", needs=Privilege.OWN_WORK, summary="Press keys towards the customer"
    )
    async def digits(self, ask: Ask, call_id: str, body: DigitsBody) -> InteractionOut:
        await self._phone().send_digits(call_id, ask.username, body.digits)
        return await self._shown(call_id)

    @route("POST", "/calls/{call_id}/hang-up", needs=Privilege.OWN_WORK, summary="Hang up; a task is done")
    async def hang_up(self, ask: Ask, call_id: str) -> InteractionOut:
        if self._desk.interaction(call_id).channel == "task":
            self._calls.owned(call_id, ask.username)
            await self._desk.end(call_id, EndReason.TASK_DONE, actor=ask.username)
            return await self._shown(call_id)
        await self._phone().hang_up(call_id, ask.username)
        return await self._shown(call_id)

    @route(
        "POST", "/calls/{call_id}/transfer", needs=Privilege.OWN_WORK, summary="Hand it over at once (blind)"
    )
    async def transfer(self, ask: Ask, call_id: str, body: TargetBody) -> InteractionOut:
        await self._phone().transfer(call_id, ask.username, Target(body.kind, body.value))
        return await self._shown(call_id)

    @route(
        "POST",
        "/calls/{call_id}/consult",
        needs=Privilege.OWN_WORK,
        summary="Ask somebody while the customer is held",
    )
    async def consult(self, ask: Ask, call_id: str, body: TargetBody) -> InteractionOut:
        await self._phone().consult(call_id, ask.username, Target(body.kind, body.value))
        return await self._shown(call_id)

    @route(
        "POST",
        "/calls/{call_id}/consult/complete",
        needs=Privilege.OWN_WORK,
        summary="Hand it over to who was asked",
    )
    async def complete_consult(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().complete_consult(call_id, ask.username)
        return await self._shown(call_id)

    @route(
        "POST", "/calls/{call_id}/consult/cancel", needs=Privilege.OWN_WORK, summary="Back to the customer"
    )
    async def cancel_consult(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().cancel_consult(call_id, ask.username)
        return await self._shown(call_id)

    @route("POST", "/calls/{call_id}/conference", needs=Privilege.OWN_WORK, summary="All three together")
    async def conference(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().conference(call_id, ask.username)
        return await self._shown(call_id)

    @route(
        "POST",
        "/calls/{call_id}/reattach",
        needs=Privilege.OWN_WORK,
        summary="After a page reload: ring my phone anew",
    )
    async def reattach(self, ask: Ask, call_id: str) -> InteractionOut:
        await self._phone().reattach(call_id, ask.username)
        return await self._shown(call_id)

    @route(
        "POST",
        "/calls/{call_id}/recording/pause",
        needs=Privilege.OWN_WORK,
        summary="Record silence from now on",
    )
    async def pause_recording(self, ask: Ask, call_id: str) -> InteractionOut:
        self._calls.owned(call_id, ask.username)
        await self._recordings.pause(call_id, ask.username)
        return await self._shown(call_id)

    @route("POST", "/calls/{call_id}/recording/resume", needs=Privilege.OWN_WORK, summary="Record again")
    async def resume_recording(self, ask: Ask, call_id: str) -> InteractionOut:
        self._calls.owned(call_id, ask.username)
        await self._recordings.resume(call_id, ask.username)
        return await self._shown(call_id)

    @route(
        "POST",
        "/calls/{call_id}/wrap-up",
        needs=Privilege.OWN_WORK,
        summary="What it was about; ends the wrap-up",
    )
    async def wrap_up(self, ask: Ask, call_id: str, body: WrapUpBody) -> InteractionOut:
        if body.disposition is not None and body.disposition not in self._dispositions:
            raise InvalidInputError("There is no such disposition.", field="disposition")
        row = await self._desk.wrap_up(
            call_id, ask.username, disposition=body.disposition, note=body.note, tags=tuple(body.tags)
        )
        return self._room.interaction(row)

    def _phone(self) -> Telephone:
        if self._telephone is None or not self._telephone.connected:
            raise UnavailableError("The telephone system does not answer right now.")
        return self._telephone

    async def _shown(self, call_id: str) -> InteractionOut:
        self._feed.refresh(call_id)
        return self._room.interaction(await self._calls.row(call_id))


class ListenRoutes:
    """A supervisor's ear in a live call; the supervisor's own telephone rings. None: there is no telephone."""

    def __init__(self, calls: Calls, listening: Listening | None, audit: AuditLog) -> None:
        self._calls = calls
        self._listening = listening
        self._audit = audit

    @route(
        "POST",
        "/calls/{call_id}/listen",
        needs=Privilege.LISTEN,
        summary="Listen, whisper to the agent, or barge in",
    )
    async def listen(self, ask: Ask, call_id: str, body: ListenBody) -> None:
        ear = await self._ear(call_id)
        await self._audit.record(ask.username, "call.listened", call_id, {"mode": body.mode})
        await ear.start(call_id, ask.username, body.mode)

    @route(
        "PUT",
        "/calls/{call_id}/listen",
        needs=Privilege.LISTEN,
        summary="Change the mode without ringing again",
    )
    async def change(self, ask: Ask, call_id: str, body: ListenBody) -> None:
        ear = await self._ear(call_id)
        await self._audit.record(ask.username, "call.listened", call_id, {"mode": body.mode})
        await ear.change(call_id, ask.username, body.mode)

    @route(
        "DELETE",
        "/calls/{call_id}/listen",
        needs=Privilege.LISTEN,
        summary="Stop; the conversation goes on untouched",
    )
    async def stop(self, ask: Ask, call_id: str) -> None:
        ear = await self._ear(call_id)
        await ear.stop(call_id, ask.username)

    @route("POST", "/calls/{call_id}/take-over", needs=Privilege.LISTEN, summary="Take the agent's place")
    async def take_over(self, ask: Ask, call_id: str) -> None:
        ear = await self._ear(call_id)
        await self._audit.record(ask.username, "call.taken_over", call_id)
        await ear.take_over(call_id, ask.username)

    async def _ear(self, call_id: str) -> Listening:
        await self._calls.row(call_id)
        if self._listening is None:
            raise UnavailableError("The telephone system does not answer right now.")
        return self._listening
