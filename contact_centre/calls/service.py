"""Reading calls, live and past, as far as whoever asks may."""

from __future__ import annotations

from collections.abc import Sequence

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from voice_core.desk import Desk
from voice_core.errors import NotAllowedError, NotFoundError
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry
from voice_core.ports import Store
from voice_core.store.queries import Filter, Page, Queries


class Calls:
    def __init__(self, desk: Desk, store: Store, queries: Queries) -> None:
        self._desk = desk
        self._store = store
        self._queries = queries

    async def search(self, signed: Signed, wanted: Filter, page: int, page_size: int) -> Page:
        """Everybody's for those who may, else one's own. `wanted.agent` None means all that one may see."""
        if not signed.may(Privilege.ALL_CALLS):
            if wanted.agent not in (None, signed.username):
                raise NotAllowedError("You may see your own calls.")
            wanted = Filter(
                state=wanted.state,
                agent=signed.username,
                queue=wanted.queue,
                since=wanted.since,
                until=wanted.until,
                text=wanted.text,
            )
        return await self._queries.search(wanted, page, page_size)

    async def get(self, signed: Signed, interaction_id: str) -> tuple[Interaction, Sequence[Entry]]:
        """Raises NotFoundError, also for a call of somebody else: whether it exists is not told."""
        row = await self.row(interaction_id)
        entries = await self._store.entries(interaction_id)
        took_part = row.agent == signed.username or any(entry.actor == signed.username for entry in entries)
        if not signed.may(Privilege.ALL_CALLS) and not took_part:
            raise NotFoundError("There is no such call.", interaction=interaction_id)
        return row, entries

    async def row(self, interaction_id: str) -> Interaction:
        """Live, or closed. Raises NotFoundError."""
        live = self._desk.floor.interactions.get(interaction_id)
        row = live or await self._store.interaction(interaction_id)
        if row is None:
            raise NotFoundError("There is no such call.", interaction=interaction_id)
        return row

    def owned(self, interaction_id: str, agent: str) -> Interaction:
        """The conversation `agent` is in. Raises NotFoundError, NotAllowedError."""
        row = self._desk.interaction(interaction_id)
        if row.agent != agent or row.stage is not Stage.TALKING:
            raise NotAllowedError("This call is not yours.", interaction=interaction_id)
        return row
