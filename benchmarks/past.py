"""A past of many calls: every tenth is lived through the desk on the durable store, the others are copies of those."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from recorder.models import RecordingRow
from voice_core.agent import Agent, AgentState
from voice_core.clock import SystemClock
from voice_core.desk import Desk
from voice_core.interaction import Direction, EndReason
from voice_core.ledger import Kind
from voice_core.news import LocalNews
from voice_core.queue import QueueConfig
from voice_core.store.sql import INTERACTIONS, LEDGER, OFFERS, SqlStore
from voice_core.store.transactions import read, write

COPIES = 10  # each lived call stands for so many
AGENTS = 50  # who live at the same time
QUEUE = "carga"
SPREAD = timedelta(days=3)  # between a call and its next copy, into the past
_NAMES = ("María Fernández", "José Quispe", "Ana Mamani", "Luis Paredes", "Carmen Ñáñez", "")
_DISPOSITIONS = ("resuelto", "queja", "averia", "pago")
RECORDINGS: Table = RecordingRow.__table__  # type: ignore[assignment]
_TIMES = (
    "opened_at", "stage_since", "queued_at", "queue_since", "accepted_at", "ended_at", "closed_at", "at", "made_at",
    "expires_at", "started_at",
)  # fmt: skip


class Past:
    def __init__(self, engine: AsyncEngine, begun: int = 0) -> None:
        self._engine = engine
        queues = {QUEUE: QueueConfig(QUEUE, wrap_up_s=0)}
        self.desk = Desk(SqlStore(engine), LocalNews(), SystemClock(), queues)
        self._chance = random.Random(17 + begun)
        self._made = begun

    async def begin(self) -> None:
        await self.desk.load()
        for number in range(AGENTS):
            await self.desk.put_agent(Agent(f"a{number}", f"Agente {number}"))
            await self.desk.set_state(f"a{number}", AgentState.AVAILABLE, actor=f"a{number}")

    async def live(self, calls: int) -> None:
        """Whole lives, as many at once as there are agents; then their copies. `calls`: a multiple of COPIES."""
        first = datetime.now().astimezone()
        left = iter(range(calls // COPIES))

        async def work(agent: str) -> None:
            for _ in left:
                await self._one_life(agent)

        async with asyncio.TaskGroup() as group:
            for number in range(AGENTS):
                group.create_task(work(f"a{number}"))
        await self._copy(first)

    async def close(self) -> None:
        for agent in self.desk.agents():
            await self.desk.set_state(agent.id, AgentState.OFFLINE, actor=agent.id)
        await self.desk.close()

    async def _one_life(self, agent: str) -> None:
        self._made += 1
        desk, name = self.desk, self._chance.choice(_NAMES)
        async with desk.together():
            row = await desk.open(
                channel="voice", direction=Direction.INBOUND, flow="demo", just_arrived=True,
                from_address=f"+59399{self._chance.randrange(10**7):07d}", to_address="101",
                external_id=f"17{self._made:08d}.{self._made}", node="asterisk",
            )  # fmt: skip
            await desk.identify(row.id, None, name)
            await desk.save_flow(
                row.id, {"step": "menu"}, data={"contrato": f"{self._made:08d}", "motivo": "pago"}
            )
            await desk.enqueue(row.id, QUEUE)
        offer = await desk.offer(row.id, agent, 20)
        await desk.accept(offer.id)
        await desk.note(row.id, Kind.RECORDING_STARTED, "system", {"recording": f"{row.id}.r1"})
        await desk.wrap_up(row.id, agent, disposition=self._chance.choice(_DISPOSITIONS))
        await desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")

    async def _copy(self, since: datetime) -> None:
        """What was lived since then, again and again further back in time."""
        recent = select(INTERACTIONS.c.id).where(INTERACTIONS.c.opened_at >= since)
        tables = (
            (INTERACTIONS, INTERACTIONS.c.id),
            (LEDGER, LEDGER.c.interaction_id),
            (OFFERS, OFFERS.c.interaction_id),
        )

        def look(connection: Connection) -> list[tuple[Table, list[dict[str, Any]]]]:
            return [
                (
                    table,
                    [
                        dict(row)
                        for row in connection.execute(select(table).where(key.in_(recent))).mappings()
                    ],
                )
                for table, key in tables
            ]

        lived = await read(self._engine, look)
        recordings = [_recording(row) for row in lived[0][1]]
        await write(self._engine, lambda connection: connection.execute(insert(RECORDINGS), recordings))
        lived.append((RECORDINGS, recordings))
        for copy in range(1, COPIES):
            await write(self._engine, partial(_put, lived=lived, copy=copy))


def _put(connection: Connection, lived: list[tuple[Table, list[dict[str, Any]]]], copy: int) -> None:
    for table, rows in lived:
        connection.execute(insert(table), [_moved(row, copy) for row in rows])


def _moved(row: Mapping[str, Any], copy: int) -> dict[str, Any]:
    """The same call, days before, of another caller."""
    moved = {name: value for name, value in row.items() if name != "seq"}
    for name in ("id", "interaction_id", "channel_id", "external_id"):
        if moved.get(name):
            moved[name] = f"c{copy}{moved[name]}"
    if "from_address" in moved:
        digits = int(moved["from_address"][-9:]) * (7 + copy) % 10**9
        moved["from_address"] = f"+593{digits:09d}"
    for name in _TIMES:
        if moved.get(name) is not None:
            moved[name] -= copy * SPREAD
    return moved


def _recording(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{row['id']}.r1", "interaction_id": row["id"], "channel_id": row["external_id"], "state": "stored",
        "started_at": row["opened_at"], "length_s": 93.5, "size_bytes": 2_992_044, "sha256": "0" * 64,
        "path": f"2026/11/25/{row['id']}.wav", "problem": "",
        **{name: row[name] for name in ("direction", "from_address", "to_address", "agent", "queue", "end_reason",
                                        "disposition")},
    }  # fmt: skip
