"""An agent's own work, and the live room of supervisors."""

from __future__ import annotations

from dataclasses import asdict

from contact_centre.access.audit import AuditLog
from contact_centre.access.privileges import Privilege, takes_work
from contact_centre.access.service import Access
from contact_centre.centre_file import Centre
from contact_centre.live.room import Room
from contact_centre.live.schemas import (
    AgentOut,
    CentreOut,
    ColleagueOut,
    DispositionOut,
    LabelledOut,
    NumberOut,
    QueueNameOut,
    QueueOut,
    SoftphoneOut,
    StateBody,
    StretchOut,
    TimelineOut,
    TimelineQuery,
    TotalOut,
    WorkOut,
)
from contact_centre.live.timeline import Timelines
from contact_centre.ports import Telephone
from contact_centre.web.ask import Ask
from contact_centre.web.route import API, route
from voice_core.agent import AgentState
from voice_core.desk import Desk
from voice_core.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    OfferGoneError,
    UnavailableError,
)


class LiveRoutes:
    def __init__(
        self,
        desk: Desk,
        room: Room,
        centre: Centre,
        access: Access,
        audit: AuditLog,
        realm: str,
        telephone: Telephone | None,
    ) -> None:
        self._desk = desk
        self._room = room
        self._centre = centre
        self._access = access
        self._audit = audit
        self._realm = realm
        self._telephone = telephone
        self._reasons = {reason.id for reason in centre.pause_reasons}

    @route("GET", "/centre", needs=Privilege.SIGNED_IN, summary="What is fixed while the centre runs")
    async def centre(self, ask: Ask) -> CentreOut:
        centre = self._centre
        return CentreOut(
            organisation=centre.organisation.name,
            timezone=centre.organisation.timezone,
            languages=list(centre.organisation.languages),
            queues=[QueueNameOut(name=queue.name, label=dict(queue.label)) for queue in centre.queues],
            pause_reasons=[
                LabelledOut(id=reason.id, label=dict(reason.label)) for reason in centre.pause_reasons
            ],
            dispositions=[
                DispositionOut(id=entry.id, label=dict(entry.label), queues=list(entry.queues))
                for entry in centre.dispositions
            ],
            numbers=[NumberOut(number=entry.number, label=dict(entry.label)) for entry in centre.numbers],
        )

    @route(
        "GET",
        "/me/work",
        needs=Privilege.OWN_WORK,
        summary="What I have in hand: all a page needs after a reload",
    )
    async def work(self, ask: Ask) -> WorkOut:
        return self._room.work(ask.username)

    @route(
        "PUT",
        "/me/state",
        needs=Privilege.OWN_WORK,
        summary="Become available, paused (with a reason) or offline",
    )
    async def own_state(self, ask: Ask, body: StateBody) -> AgentOut:
        return await self._set_state(ask.username, body, actor=ask.username)

    @route(
        "GET",
        "/me/softphone",
        needs=Privilege.OWN_WORK,
        summary="What the telephone in the page registers with",
    )
    async def softphone(self, ask: Ask) -> SoftphoneOut:
        user = ask.signed.user
        return SoftphoneOut(
            ws_url=f"{API}/softphone/ws",
            uri=f"sip:{user.username}@{self._realm}",
            username=user.username,
            password=user.browser_secret,
            realm=self._realm,
        )

    @route("GET", "/colleagues", needs=Privilege.OWN_WORK, summary="Whom a call may be handed to")
    async def colleagues(self, ask: Ask) -> list[ColleagueOut]:
        known = {
            user.username for user in await self._access.users() if user.active and takes_work(user.roles)
        }
        return [
            ColleagueOut(id=agent.id, name=agent.name, status=agent.status)
            for agent in self._desk.agents()
            if agent.id in known and agent.id != ask.username
        ]

    @route(
        "POST",
        "/offers/{offer_id}/accept",
        needs=Privilege.OWN_WORK,
        summary="Take a task; voice is answered by phone",
    )
    async def accept(self, ask: Ask, offer_id: str) -> None:
        if self._offered(offer_id, ask.username) == "voice":
            raise InvalidInputError("A call is answered by the telephone.", field="id")
        await self._desk.accept(offer_id)

    @route(
        "POST", "/offers/{offer_id}/decline", needs=Privilege.OWN_WORK, summary="Refuse what is offered to me"
    )
    async def decline(self, ask: Ask, offer_id: str) -> None:
        self._offered(offer_id, ask.username)
        await self._desk.decline(offer_id, "refused")

    @route(
        "POST",
        "/offers/{offer_id}/ring",
        needs=Privilege.OWN_WORK,
        summary="Ring the page's telephone again: it was loaded anew while a call is offered to me",
    )
    async def ring(self, ask: Ask, offer_id: str) -> None:
        if self._offered(offer_id, ask.username) != "voice":
            raise InvalidInputError("This contact is not a call.", field="id")
        if self._telephone is None:
            raise UnavailableError("The telephone system does not answer right now.")
        await self._telephone.ring_again(offer_id, ask.username)

    @route("GET", "/agents", needs=Privilege.LIVE_ROOM, summary="Everybody who takes contacts")
    async def agents(self, ask: Ask) -> list[AgentOut]:
        return [self._room.agent(agent) for agent in self._desk.agents()]

    @route("PUT", "/agents/{agent_id}/state", needs=Privilege.LIVE_ROOM, summary="Force a state")
    async def force_state(self, ask: Ask, agent_id: str, body: StateBody) -> AgentOut:
        shown = await self._set_state(agent_id, body, actor=ask.username)
        await self._audit.record(
            ask.username, "agent.state_forced", agent_id, {"state": body.state, "reason": body.reason}
        )
        return shown

    @route("GET", "/queues", needs=Privilege.LIVE_ROOM, summary="The queues now")
    async def queues(self, ask: Ask) -> list[QueueOut]:
        return self._room.queues()

    async def _set_state(self, agent: str, body: StateBody, *, actor: str) -> AgentOut:
        if body.state is AgentState.PAUSED and self._reasons and body.reason not in self._reasons:
            raise InvalidInputError("Say why: one of the pause reasons of this centre.", field="reason")
        reason = body.reason if body.state is AgentState.PAUSED else ""
        return self._room.agent(await self._desk.set_state(agent, body.state, reason, actor=actor))

    def _offered(self, offer_id: str, agent: str) -> str:
        """The channel of what is held out. Raises OfferGoneError, NotAllowedError."""
        try:
            row = self._desk.interaction(offer_id.rpartition(".o")[0])
        except NotFoundError:
            raise OfferGoneError("This contact is no longer offered.", offer=offer_id) from None
        offer = self._desk.offer_of(row.id)
        if offer is None or offer.id != offer_id:
            raise OfferGoneError("This contact is no longer offered.", offer=offer_id)
        if offer.agent != agent:
            raise NotAllowedError("This contact is offered to somebody else.", offer=offer_id)
        return row.channel


class TimelineRoutes:
    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines

    @route("GET", "/me/timeline", needs=Privilege.OWN_WORK, summary="What I did, today unless told otherwise")
    async def own_timeline(self, ask: Ask, query: TimelineQuery) -> TimelineOut:
        return await self._timeline(ask.username, query)

    @route(
        "GET",
        "/agents/{agent_id}/timeline",
        needs=Privilege.LIVE_ROOM,
        summary="What an agent did, today unless told otherwise",
    )
    async def timeline(self, ask: Ask, agent_id: str, query: TimelineQuery) -> TimelineOut:
        return await self._timeline(agent_id, query)

    async def _timeline(self, agent: str, query: TimelineQuery) -> TimelineOut:
        found = await self._timelines.of(agent, query.since, query.until)
        return TimelineOut(
            agent=found.agent,
            since=found.since,
            until=found.until,
            stretches=[StretchOut(**asdict(stretch)) for stretch in found.stretches],
            totals=[TotalOut(**asdict(total)) for total in found.totals],
        )
