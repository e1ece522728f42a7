"""The desk: the door inwards and the only writer.

Each method decides in memory (no await between looking and deciding, so no lock), hands the change to
`Commits`, and returns once it is stored; only then is the world told. A repeated call with the same
meaning is a no-op that returns the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ulid import ULID

from voice_core import moves
from voice_core.agent import Agent, AgentState
from voice_core.errors import InvalidInputError, NotAllowedError, NotFoundError, OfferGoneError, StageError
from voice_core.interaction import Direction, EndReason, Interaction, Offer, SkillRequirement, Stage
from voice_core.ledger import Entry, Kind
from voice_core.matcher import config_of, has_room, match
from voice_core.missed import after_decline
from voice_core.moves import Move
from voice_core.pace import Place
from voice_core.ports import Change
from voice_core.writer import Writer

__all__ = ["Desk", "Place"]


class Desk(Writer):
    """Made at the composition root; `load` before anything else."""

    def free_for(self, id: str, queue: str) -> Agent | None:
        """Who the router would hold this contact out to now, were it new in that queue. Raises NotFoundError."""
        if queue not in self._queues:
            raise NotFoundError(f"There is no queue called {queue}.", queue=queue)
        now, floor = self._clock.now(), self._floor
        asked = replace(
            self.interaction(id), stage=Stage.QUEUED, queue=queue, queued_at=now, agent=None,
            requirements=(), only_agent=None, preferred_agent=None,
        )  # fmt: skip
        chosen = match([asked], floor.agents.values(), floor.loads(), self._queues, now, floor.resting)
        return floor.agent(chosen[0].agent) if chosen else None

    # a contact's life

    async def open(
        self,
        *,
        channel: str,
        direction: Direction,
        from_address: str,
        to_address: str,
        external_id: str = "",
        node: str = "",
        flow: str | None = None,
        language: str = "es",
        contact_id: str | None = None,
        contact_name: str = "",
        agent: str | None = None,
        parent_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        just_arrived: bool = False,
        at: datetime | None = None,
    ) -> Interaction:
        """A contact begins (`at`, if not now), in a flow; or, outbound with an `agent`, already talking (the agent dials).

        `just_arrived`: its channel told us of it this moment, so the past need not be asked whether it was known.
        """
        await self._ready()
        known = None if just_arrived else await self._already_open(id, node, external_id)
        await self._ready()
        by_id = self._floor.interactions.get(id or "")
        known = by_id or self._floor.by_external_id(node, external_id) or known
        if known is not None:
            return await self._unchanged(known)
        now = at or self._clock.now()
        if agent is not None:
            self._require_free(agent, channel)
        row = Interaction(
            id=id or str(ULID()).lower(),
            channel=channel,
            direction=direction,
            from_address=from_address,
            to_address=to_address,
            external_id=external_id,
            node=node,
            flow=flow,
            language=language,
            contact_id=contact_id,
            contact_name=contact_name,
            agent=agent,
            parent_id=parent_id,
            data=data or {},
            stage=Stage.TALKING if agent else Stage.FLOW,
            accepted_at=now if agent else None,
            opened_at=now,
            stage_since=now,
        )
        return await self._make(moves.opened(row, now), agent or "system")

    async def identify(
        self, interaction_id: str, contact_id: str | None, contact_name: str, actor: str = "system"
    ) -> Interaction:
        await self._ready()
        row = self.interaction(interaction_id)
        if (row.contact_id, row.contact_name) == (contact_id, contact_name):
            return await self._unchanged(row)
        now = self._clock.now()
        after = moves.changed(row, now, contact_id=contact_id, contact_name=contact_name)
        line = moves.entry(row, now, Kind.IDENTIFIED, actor, contact=contact_id)
        return await self._make(Move(after, (line,)), actor)

    async def save_flow(
        self,
        interaction_id: str,
        flow_state: Mapping[str, Any] | None,
        *,
        flow: str | None = None,
        data: Mapping[str, Any] | None = None,
        language: str | None = None,
        entry: tuple[Kind, Mapping[str, Any]] | None = None,
    ) -> Interaction:
        """Where the script stands; `data` is added to what is there."""
        await self._ready()
        row = self.interaction(interaction_id)
        if row.stage is not Stage.FLOW:
            raise StageError(
                "The contact is no longer in a flow.", interaction=interaction_id, stage=row.stage
            )
        now = self._clock.now()
        after = moves.changed(
            row,
            now,
            flow_state=flow_state,
            flow=flow or row.flow,
            language=language or row.language,
            data={**row.data, **(data or {})},
        )
        if entry is None and after.flow != row.flow:
            entry = (Kind.FLOW_STARTED, {"flow": after.flow})
        lines = (Entry(interaction_id, now, entry[0], "flow", dict(entry[1])),) if entry else ()
        return await self._make(Move(after, lines), "flow")

    async def enqueue(
        self,
        interaction_id: str,
        queue: str,
        *,
        requirements: Sequence[SkillRequirement] | None = None,
        priority: int | None = None,
        preferred_agent: str | None = None,
        only_agent: str | None = None,
        data: Mapping[str, Any] | None = None,
        actor: str = "flow",
        reason: str = "",
    ) -> Interaction:
        """From the flow, from another queue (the place is kept) or from a conversation (a transfer)."""
        await self._ready()
        row = self.interaction(interaction_id)
        if queue not in self._queues:
            raise NotFoundError(f"There is no queue called {queue}.", queue=queue)
        if row.stage is Stage.TALKING and row.agent:
            return await self.transfer(
                interaction_id, to_queue=queue, to_agent=only_agent, by=row.agent, data=data
            )
        if row.stage in (Stage.QUEUED, Stage.OFFERED) and row.queue == queue:
            return await self._unchanged(row)
        wanted = {
            "queue": queue,
            "requirements": row.requirements if requirements is None else tuple(requirements),
            "priority": row.priority if priority is None else priority,
            "preferred_agent": preferred_agent or row.preferred_agent,
            "only_agent": only_agent or row.only_agent,
            "data": {**row.data, **(data or {})},
        }
        return await self._make(moves.queued(row, self._clock.now(), actor, reason=reason, **wanted), actor)

    async def request_callback(self, interaction_id: str, address: str) -> Interaction:
        """The caller may go; the contact keeps its place and `address` is dialled once an agent accepts."""
        await self._ready()
        row = self.interaction(interaction_id)
        if row.callback_address == address:
            return await self._unchanged(row)
        if not address:
            raise InvalidInputError("A callback needs a number to dial.", field="address")
        return await self._make(moves.callback_requested(row, self._clock.now(), address), "customer")

    async def open_to_all(self, interaction_id: str, reason: str) -> Interaction:
        """A contact reserved for one agent who does not come goes to everybody in its queue."""
        await self._ready()
        row = self.interaction(interaction_id)
        if row.only_agent is None:
            return await self._unchanged(row)
        move = moves.queued(row, self._clock.now(), "router", reason=reason, only_agent=None)
        return await self._make(move, "router")

    async def offer(self, interaction_id: str, agent: str, ring_timeout_s: float) -> Offer:
        """Hold it out to one agent. For the router only."""
        await self._ready()
        row, person = self.interaction(interaction_id), self.agent(agent)
        if not has_room(row.channel, person, self._floor.load(agent)):
            raise StageError(
                f"{agent} has no room for this contact now.", interaction=interaction_id, agent=agent
            )
        move = moves.offered(row, self._clock.now(), agent, ring_timeout_s)
        await self._make(move, "router")
        return self._made(move)

    async def accept(self, offer_id: str) -> Interaction:
        """The agent takes it. Raises OfferGoneError when the offer no longer stands."""
        await self._ready()
        row, offer = self._standing(offer_id)
        if row is None or offer is None:
            if row is not None and row.stage is Stage.TALKING and offer_id == f"{row.id}.o{row.offers}":
                return await self._unchanged(row)
            raise OfferGoneError("This contact is no longer offered.", offer=offer_id)
        person = replace(self.agent(offer.agent), missed_offers=0)
        return await self._make(moves.accepted(row, self._clock.now(), offer), offer.agent, agents=[person])

    async def decline(self, offer_id: str, reason: str) -> None:
        """Not taken: `refused`, `no_answer`, `unreachable`, `failed` (our fault), `withdrawn`,
        or `away` (the contact cannot be connected now: its Asterisk is not there).

        An offer that is gone already: no-op.
        """
        await self._ready()
        row, offer = self._standing(offer_id)
        if row is None or offer is None:
            await self._commits.flushed()
            return
        now, person = self._clock.now(), self.agent(offer.agent)
        outcome = after_decline(person, reason, now, config_of(row, self._queues).pause_after_missed)
        actor = offer.agent if reason == "refused" else "router"
        move = moves.declined(row, now, offer, reason=reason, actor=actor)
        if outcome.rest_s:
            self._floor.rest("" if outcome.rests_wholly else row.id, offer.agent, now, outcome.rest_s)
        await self._make(move, actor, agents=[outcome.agent], notices=outcome.notices)

    async def transfer(
        self,
        interaction_id: str,
        *,
        to_agent: str | None = None,
        to_queue: str | None = None,
        by: str,
        data: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Blind: the contact waits again, ahead of the others; `by` is free at once."""
        await self._ready()
        row = self._owned(interaction_id, by, Stage.TALKING)
        if to_agent is None and to_queue is None:
            raise InvalidInputError("A transfer needs an agent or a queue.", field="to")
        if to_agent == by:
            raise InvalidInputError(
                "A contact cannot be transferred to the agent who has it.", field="to_agent"
            )
        if to_agent is not None:
            self.agent(to_agent)
        if to_queue is not None and to_queue not in self._queues:
            raise NotFoundError(f"There is no queue called {to_queue}.", queue=to_queue)
        return await self._make(
            moves.transferred(
                row, self._clock.now(), by, to_agent=to_agent, to_queue=to_queue, data=data or {}
            ),
            by,
        )

    async def hand_over(self, interaction_id: str, to_agent: str, by: str) -> Interaction:
        """The conversation goes on with `to_agent`: given by its agent, or taken over (`by` = `to_agent`)."""
        await self._ready()
        row = self.interaction(interaction_id)
        if row.stage is Stage.TALKING and row.agent == to_agent:
            return await self._unchanged(row)
        self._require_free(to_agent, row.channel, beside=interaction_id)
        return await self._make(moves.handed_over(row, self._clock.now(), to_agent, by), by)

    async def join(self, interaction_id: str, agent: str, actor: str) -> Interaction:
        """`agent` takes part in another's conversation (consulted, in a conference): no other work comes.

        Not stored: whoever brings a call back after a crash joins its guests again.
        """
        await self._ready()
        row = self.interaction(interaction_id)
        if row.stage is not Stage.TALKING:
            raise StageError(
                "Nobody can join: there is no conversation.", interaction=interaction_id, stage=row.stage
            )
        self._require_free(agent, row.channel, beside=interaction_id)
        self._floor.join(interaction_id, agent)
        await self._restate(agent, actor)
        return row

    async def leave(self, interaction_id: str, agent: str, actor: str) -> None:
        """The opposite of `join`; also happens by itself when the conversation is over."""
        await self._ready()
        self._floor.leave(interaction_id, agent)
        await self._restate(agent, actor)

    async def note(
        self, interaction_id: str, kind: Kind, actor: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """A ledger entry without a change of stage; also for a contact already closed."""
        await self._ready()
        await self._any(interaction_id)
        line = Entry(interaction_id, self._clock.now(), kind, actor, dict(data or {}))
        await self._carry_out(Change(entries=(line,)))

    async def back_to_flow(self, interaction_id: str, flow: str, actor: str) -> Interaction:
        await self._ready()
        row = self.interaction(interaction_id)
        if row.stage is Stage.FLOW and row.flow == flow:
            return await self._unchanged(row)
        return await self._make(moves.returned_to_flow(row, self._clock.now(), flow, actor), actor)

    async def end(
        self,
        interaction_id: str,
        reason: EndReason,
        *,
        actor: str,
        detail: str = "",
        at: datetime | None = None,
    ) -> Interaction:
        """The contact is over: wrap-up after a conversation, closed otherwise. Repeated: no-op. `at`: when, if not now."""
        await self._ready()
        row = await self._any(interaction_id)
        if row.stage in (Stage.WRAP_UP, Stage.CLOSED):
            return await self._unchanged(row)
        now, offer = at or self._clock.now(), self.offer_of(interaction_id)
        wrap_up_s = config_of(row, self._queues).wrap_up_s
        move = moves.ended(row, now, reason, actor, detail=detail, wrap_up_s=wrap_up_s)
        if offer is not None:
            move = moves.withdrawn_first(row, now, offer, actor, move)
        return await self._make(move, actor)

    async def wrap_up(
        self,
        interaction_id: str,
        agent: str,
        *,
        disposition: str | None = None,
        note: str = "",
        tags: Sequence[str] = (),
    ) -> Interaction:
        """What it was about. Closes a contact in wrap-up; in conversation or closed it is only stored."""
        await self._ready()
        row = await self._any(interaction_id)
        if row.agent != agent:
            raise NotAllowedError("This contact belongs to another agent.", interaction=interaction_id)
        if row.stage is Stage.CLOSED and not note and not tags and disposition in (None, row.disposition):
            return await self._unchanged(row)
        now = self._clock.now()
        move = moves.disposed(row, now, agent, disposition=disposition, note=note, tags=tags)
        return await self._make(move, agent)

    async def end_wrap_up(self, interaction_id: str) -> None:
        """The time for notes ran out. For the router only."""
        await self._ready()
        await self._make(moves.wrap_up_over(self.interaction(interaction_id), self._clock.now()), "router")

    # agents

    async def put_agent(self, agent: Agent) -> Agent:
        """Provisioned or changed: name, skills and capacity are taken, state and history are kept."""
        await self._ready()
        known = self._floor.agents.get(agent.id)
        now = self._clock.now()
        if known is None:
            after = replace(agent, state_since=agent.state_since or now, status_since=None)
        else:
            after = replace(known, name=agent.name, skills=agent.skills, capacity=agent.capacity)
            if after == known:
                return known
        await self._carry_out(self._floor.change((), now, "system", agents=[after]))
        return self.agent(agent.id)

    async def set_state(self, agent: str, state: AgentState, reason: str = "", *, actor: str) -> Agent:
        """Available, paused (with a reason) or offline. An offer ringing at one who leaves is withdrawn."""
        await self._ready()
        known, now = self.agent(agent), self._clock.now()
        if (known.state, known.reason) == (state, reason):
            await self._commits.flushed()
            return known
        after = replace(known, state=state, reason=reason, state_since=now)
        withdrawn: list[Move] = []
        if state is AgentState.AVAILABLE:
            after = replace(after, missed_offers=0)
        else:
            ringing = [row for row in self._floor.held_by(agent) if row.stage is Stage.OFFERED]
            offers = self._floor.offers
            withdrawn = [
                moves.declined(row, now, offers[row.id], reason="withdrawn", actor=actor) for row in ringing
            ]
        await self._carry_out(self._floor.change(withdrawn, now, actor, agents=[after]))
        return self.agent(agent)
