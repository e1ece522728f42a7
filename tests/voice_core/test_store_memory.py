from __future__ import annotations

import pytest

from tests.contract_store import StoreContract
from voice_core.agent import StatusSpan
from voice_core.ports import Store
from voice_core.store.memory import MemoryStore


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    async def time_line(self, store: Store, agent: str) -> list[StatusSpan]:
        assert isinstance(store, MemoryStore)
        return [span for span in store.time_line if span.agent == agent]
