"""What every Store promises. A test module subclasses `StoreContract` and gives the `store` fixture."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from voice_core.agent import Agent, AgentState, AgentStatus, StatusSpan
from voice_core.errors import StaleWriteError
from voice_core.interaction import Direction, EndReason, Interaction, Offer, SkillRequirement, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change, Store

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def contact(id: str = "i1", **fields: object) -> Interaction:
    base = Interaction(
        id=id, channel="voice", direction=Direction.INBOUND, stage=Stage.FLOW, from_address="+593991234567",
        to_address="101", opened_at=T0, stage_since=T0, node="n1", external_id=f"chan-{id}", version=1,
    )  # fmt: skip
    return replace(base, **fields)  # type: ignore[arg-type]


def full(id: str = "i1") -> Interaction:
    """Every field filled in: what comes back must be equal."""
    return contact(
        id, stage=Stage.WRAP_UP, parent_id="p", contact_id="c", contact_name="Ñusta Quispe", language="qu",
        flow="demo", flow_state={"step": 2, "stack": ["a"]}, queue="soporte",
        requirements=(SkillRequirement("es", 5, ((30.0, 3), (60.0, 0))), SkillRequirement("fibra")), priority=3,
        preferred_agent="ana", only_agent="luis", queued_at=T0, queue_since=T0, offers=2, agent="ana", accepted_at=T0,
        ended_at=T0, wrap_up_until=T0 + timedelta(seconds=20.5), closed_at=T0, end_reason=EndReason.ABANDONED,
        end_detail="d", disposition="venta", callback_address="+59399", data={"cédula": "x", "n": [1, None]},
    )  # fmt: skip


class StoreContract:
    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    async def test_a_contact_comes_back_as_it_was_stored(self, store: Store) -> None:
        await store.commit(Change((full(),)))
        assert await store.interaction("i1") == full()
        assert await store.by_external_id("n1", "chan-i1") == full()
        assert await store.interaction("other") is None
        assert await store.by_external_id("n2", "chan-i1") is None

    async def test_contacts_without_an_external_id_do_not_collide(self, store: Store) -> None:
        await store.commit(Change((contact("a", external_id=""), contact("b", external_id=""))))
        assert {row.id for row in (await store.load_live()).interactions} == {"a", "b"}

    async def test_the_wrong_version_is_refused_and_nothing_of_it_is_stored(self, store: Store) -> None:
        first = contact()
        await store.commit(Change((first,)))
        await store.commit(Change((replace(first, version=2, queue="a"),)))
        late = replace(first, version=2, queue="b")
        entry = Entry("i1", T0, Kind.QUEUED, "flow")
        with pytest.raises(StaleWriteError):
            await store.commit(Change((contact("i2"),), entries=(entry,)), Change((late,)))
        assert (await store.interaction("i1")) == replace(first, version=2, queue="a")
        assert await store.interaction("i2") is None
        assert await store.entries("i1") == []

    async def test_opening_the_same_contact_twice_is_refused(self, store: Store) -> None:
        await store.commit(Change((contact(),)))
        with pytest.raises(StaleWriteError):
            await store.commit(Change((contact(),)))

    async def test_several_versions_of_one_row_in_one_commit(self, store: Store) -> None:
        first = contact()
        versions = [replace(first, version=number, offers=number) for number in (1, 2, 3)]
        await store.commit(*(Change((row,)) for row in versions))
        await store.commit(*(Change((replace(first, version=number, offers=number),)) for number in (4, 5)))
        assert (await store.interaction("i1")) == replace(first, version=5, offers=5)
        with pytest.raises(StaleWriteError):
            await store.commit(Change((replace(first, version=6),)), Change((replace(first, version=8),)))

    async def test_the_ledger_keeps_its_order(self, store: Store) -> None:
        lines = [
            Entry("i1", T0, kind, "x", {"n": n})
            for n, kind in enumerate([Kind.OPENED, Kind.QUEUED, Kind.OFFERED])
        ]
        await store.commit(
            Change((contact(), contact("i2")), entries=(lines[0], Entry("i2", T0, Kind.OPENED, "x")))
        )
        await store.commit(Change(entries=(lines[1],)), Change(entries=(lines[2],)))
        kept = await store.entries("i1")
        assert [replace(entry, seq=0) for entry in kept] == lines
        assert [entry.seq for entry in kept] == sorted({entry.seq for entry in kept})
        assert min(entry.seq for entry in kept) > 0

    async def test_what_lives_is_loaded_with_its_offer(self, store: Store) -> None:
        offered = contact(stage=Stage.OFFERED, agent="ana", offers=2)
        offers = [Offer(f"i1.o{n}", "i1", "ana", "q", T0, T0 + timedelta(seconds=15)) for n in (1, 2)]
        ana = Agent(
            "ana",
            "Ana",
            {"es": 5},
            {"voice": 1},
            AgentState.PAUSED,
            "lunch",
            T0,
            AgentStatus.RINGING,
            T0,
            None,
            1,
        )
        await store.commit(Change((offered, contact("i2", stage=Stage.CLOSED)), (ana,), offers=(offers[0],)))
        await store.commit(Change(offers=(offers[1],)))
        live = await store.load_live()
        assert (live.interactions, live.offers, live.agents) == ((offered,), (offers[1],), (ana,))
        await store.commit(
            Change((replace(offered, version=2, stage=Stage.QUEUED),), (replace(ana, reason="x"),))
        )
        live = await store.load_live()
        assert (live.offers, [agent.reason for agent in live.agents]) == ((), ["x"])

    async def test_spans_opened_and_closed_in_one_commit_or_in_several(self, store: Store) -> None:
        moments = [T0 + timedelta(seconds=n) for n in range(5)]
        spans = [StatusSpan("ana", AgentStatus.AVAILABLE, str(n), moments[n], None, "ana") for n in range(4)]
        closed = [replace(span, until=moments[n + 1]) for n, span in enumerate(spans)]
        await store.commit(Change(spans=(spans[0],)))
        await store.commit(Change(spans=(closed[0], spans[1])), Change(spans=(closed[1], spans[2])))
        await store.commit(Change(spans=(closed[2], spans[3])))
        assert await self.time_line(store, "ana") == [*closed[:3], spans[3]]

    async def test_commits_at_the_same_time_all_arrive(self, store: Store) -> None:
        await asyncio.gather(*(store.commit(Change((contact(f"c{n}"),))) for n in range(20)))
        assert len((await store.load_live()).interactions) == 20

    async def time_line(self, store: Store, agent: str) -> list[StatusSpan]:
        raise NotImplementedError
