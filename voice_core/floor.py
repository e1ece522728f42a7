"""The live floor: everything not finished, in memory, with the indexes decisions need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from voice_core.agent import Agent, StatusSpan
from voice_core.errors import NotFoundError
from voice_core.interaction import Interaction, Offer, Stage
from voice_core.moves import Move
from voice_core.ports import Change, Live, Notice
from voice_core.status import settle

_HELD = frozenset({Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP, Stage.PAUSED})


class Floor:
    """Changed only by `apply`. Reading is synchronous and cheap."""

    def __init__(self, live: Live | None = None) -> None:
        self.interactions: dict[str, Interaction] = {}
        self.agents: dict[str, Agent] = {}
        self.offers: dict[str, Offer] = {}  # by interaction
        self.resting: dict[tuple[str, str], datetime] = {}
        self._external: dict[tuple[str, str], str] = {}
        self._waiting: dict[str, Interaction] = {}
        self._held: dict[str, dict[str, Interaction]] = {}  # agent → contacts offered, talking, wrapping up
        self._guests: dict[str, dict[str, None]] = {}  # agent → contacts of somebody else they take part in
        if live is not None:
            self.apply(Change(live.interactions, live.agents, offers=live.offers))

    def apply(self, change: Change) -> None:
        for offer in change.offers:
            self.offers[offer.interaction_id] = offer
        for row in change.interactions:
            self._put(row)
        for agent in change.agents:
            self.agents[agent.id] = agent

    def keeping(self, other: Floor) -> Floor:
        """With what `other` knows and no store keeps: who rests, who is a guest where."""
        self.resting = other.resting
        for agent, joined in other._guests.items():
            for interaction_id in joined:
                row = self.interactions.get(interaction_id)
                if row is not None and row.stage is Stage.TALKING and row.agent != agent:
                    self.join(interaction_id, agent)
        return self

    # reading

    def interaction(self, interaction_id: str) -> Interaction:
        try:
            return self.interactions[interaction_id]
        except KeyError:
            raise NotFoundError("There is no such live contact.", interaction=interaction_id) from None

    def agent(self, agent: str) -> Agent:
        try:
            return self.agents[agent]
        except KeyError:
            raise NotFoundError(f"There is no agent called {agent}.", agent=agent) from None

    def by_external_id(self, node: str, external_id: str) -> Interaction | None:
        found = self._external.get((node, external_id))
        return self.interactions.get(found) if found else None

    def waiting(self) -> Sequence[Interaction]:
        return list(self._waiting.values())

    def held_by(self, agent: str) -> Sequence[Interaction]:
        return list(self._held.get(agent, {}).values())

    def guest_of(self, agent: str) -> Sequence[Interaction]:
        return [
            self.interactions[joined] for joined in self._guests.get(agent, {}) if joined in self.interactions
        ]

    def loads(self) -> dict[str, dict[str, int]]:
        """agent → kind of channel → how many."""
        loads: dict[str, dict[str, int]] = {}
        for agent in {*self._held, *self._guests}:
            counts = loads[agent] = {}
            for row in (*self.held_by(agent), *self.guest_of(agent)):
                counts[row.channel] = counts.get(row.channel, 0) + 1
        return loads

    def load(self, agent: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in (*self.held_by(agent), *self.guest_of(agent)):
            counts[row.channel] = counts.get(row.channel, 0) + 1
        return counts

    # what a decision changes

    def change(
        self,
        moves: Iterable[Move],
        now: datetime,
        actor: str,
        *,
        agents: Iterable[Agent] = (),
        notices: Iterable[Notice] = (),
        ask_again: Iterable[str] = (),
    ) -> Change:
        """The whole change: rows and entries of the moves, and every agent they touch made true."""
        made = tuple(moves)
        rows = {move.row.id: move.row for move in made}
        edited = {agent.id: agent for agent in agents}
        touched = dict.fromkeys((*edited, *ask_again))
        for row in rows.values():
            before = self.interactions.get(row.id)
            people = [before.agent if before else None, row.agent, *self._guests_in(row.id)]
            touched |= dict.fromkeys(name for name in people if name)
        settled: list[Agent] = []
        spans: list[StatusSpan] = []
        for name in touched:
            known = self.agents.get(name)
            after = edited.get(name, known)
            if after is None:
                continue
            agent, drawn = settle(known, after, self._stages_after(name, rows), now, actor)
            spans += drawn
            if agent != known:
                settled.append(agent)
        return Change(
            interactions=tuple(rows.values()),
            agents=tuple(settled),
            spans=tuple(spans),
            entries=tuple(line for move in made for line in move.entries),
            offers=tuple(move.offer for move in made if move.offer),
            notices=tuple(notices),
        )

    def rest(self, interaction_id: str, agent: str, now: datetime, for_s: float) -> None:
        """No offer of that contact ("" = of any) to that agent for a while."""
        self.resting = {key: until for key, until in self.resting.items() if until > now}
        self.resting[interaction_id, agent] = now + timedelta(seconds=for_s)

    def join(self, interaction_id: str, agent: str) -> None:
        self._guests.setdefault(agent, {})[interaction_id] = None

    def leave(self, interaction_id: str, agent: str) -> None:
        joined = self._guests.get(agent, {})
        joined.pop(interaction_id, None)
        if not joined:
            self._guests.pop(agent, None)

    def _guests_in(self, interaction_id: str) -> list[str]:
        return [agent for agent, joined in self._guests.items() if interaction_id in joined]

    def _stages_after(self, agent: str, rows: dict[str, Interaction]) -> list[Stage]:
        held = {row.id: row for row in self.held_by(agent)} | {row.id: row for row in rows.values()}
        stages = [row.stage for row in held.values() if row.agent == agent and row.stage in _HELD]
        as_guest = [rows.get(row.id, row) for row in self.guest_of(agent)]
        return stages + [
            Stage.TALKING for row in as_guest if row.stage is Stage.TALKING and row.agent != agent
        ]

    def _put(self, row: Interaction) -> None:
        before = self.interactions.get(row.id)
        if before is not None and before.agent:
            held = self._held.get(before.agent, {})
            held.pop(row.id, None)
            if not held:
                self._held.pop(before.agent, None)
        if row.stage is Stage.QUEUED:
            self._waiting[row.id] = row
        else:
            self._waiting.pop(row.id, None)
        if row.stage is not Stage.OFFERED:
            self.offers.pop(row.id, None)
        if row.stage is not Stage.TALKING:
            for guest in self._guests_in(row.id):
                self.leave(row.id, guest)
        elif row.agent:
            self.leave(row.id, row.agent)
        if row.stage is Stage.CLOSED:
            self.interactions.pop(row.id, None)
            self._external.pop((row.node, row.external_id), None)
            return
        self.interactions[row.id] = row
        if row.external_id:
            self._external[row.node, row.external_id] = row.id
        if row.agent and row.stage in _HELD:
            self._held.setdefault(row.agent, {})[row.id] = row
