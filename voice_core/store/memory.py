"""The ledger's keeper in memory: the twin of `SqlStore` for tests and simulations; same rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice_core.agent import Agent, StatusSpan
from voice_core.errors import StaleWriteError
from voice_core.interaction import Interaction, Offer, Stage
from voice_core.ledger import Entry
from voice_core.ports import Change, Live


class MemoryStore:
    def __init__(self) -> None:
        self.rows: dict[str, Interaction] = {}
        self.agents: dict[str, Agent] = {}
        self.ledger: list[Entry] = []
        self.time_line: list[StatusSpan] = []
        self._offers: dict[str, Offer] = {}
        self._open_spans: dict[str, int] = {}  # agent → index in time_line

    async def commit(self, *changes: Change) -> None:
        self._check_versions(changes)
        for change in changes:
            self.rows |= {row.id: row for row in change.interactions}
            self.agents |= {agent.id: agent for agent in change.agents}
            self._offers |= {offer.interaction_id: offer for offer in change.offers}
            for entry in change.entries:
                self.ledger.append(replace(entry, seq=len(self.ledger) + 1))
            for span in change.spans:
                self._draw(span)

    async def load_live(self) -> Live:
        rows = tuple(row for row in self.rows.values() if row.stage is not Stage.CLOSED)
        offers = tuple(self._offers[row.id] for row in rows if row.stage is Stage.OFFERED)
        return Live(interactions=rows, offers=offers, agents=tuple(self.agents.values()))

    async def interaction(self, interaction_id: str) -> Interaction | None:
        return self.rows.get(interaction_id)

    async def by_external_id(self, node: str, external_id: str) -> Interaction | None:
        found = (row for row in self.rows.values() if (row.node, row.external_id) == (node, external_id))
        return next(found, None)

    async def entries(self, interaction_id: str) -> Sequence[Entry]:
        return [entry for entry in self.ledger if entry.interaction_id == interaction_id]

    def _check_versions(self, changes: Sequence[Change]) -> None:
        versions: dict[str, int] = {}
        for row in (row for change in changes for row in change.interactions):
            stored = self.rows.get(row.id)
            expected = versions.get(row.id, stored.version if stored else 0) + 1
            if row.version != expected:
                raise StaleWriteError("Somebody else changed this contact first.", interaction=row.id)
            versions[row.id] = row.version

    def _draw(self, span: StatusSpan) -> None:
        if span.until is None:
            self._open_spans[span.agent] = len(self.time_line)
            self.time_line.append(span)
        elif (index := self._open_spans.pop(span.agent, None)) is not None:
            self.time_line[index] = replace(self.time_line[index], until=span.until)
