"""`centralita demo-call` against a bare Asterisk: it tells what happens, and refusals say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from contact_centre.demo_call import Place, Script, run_demo_call
from contact_centre.demo_words import ledger_line
from tests.sip.asterisk_box import Box, free_udp_port
from voice_core.ledger import Entry, Kind

pytestmark = pytest.mark.timeout(60)

ON_SESSION_LOOP = pytest.mark.asyncio(loop_scope="session")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Ledger:
    """Answers with the entries it was given."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries

    async def entries_of(self, from_number: str) -> Sequence[Entry]:
        assert from_number
        return self._entries


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.complaints: list[str] = []

    async def run(self, box: Box, script: Script, ledger: Ledger | None = None) -> int:
        place = Place("127.0.0.2", box.server, ("600", "601"))
        return await run_demo_call(
            script, place, ledger or Ledger(), self.lines.append, self.complaints.append
        )

    def has(self, words: str) -> bool:
        return any(words in line for line in self.lines)


@ON_SESSION_LOOP
async def test_tells_a_call_and_the_ledger_in_spanish(box: Box) -> None:
    told = Told()
    ledger = Ledger(Entry("01k", NOON, Kind.ACCEPTED, "ana", {"agent": "ana", "waited_s": 4.25}))
    assert await told.run(box, Script("600", tone=True, hang_up_after_s=3), ledger) == 0
    assert told.has("Contestan")
    assert told.has("oigo un tono")
    assert told.has("ana contesta tras 4.2 s de espera")
    assert told.has("Cuelgo")


@ON_SESSION_LOOP
async def test_presses_a_key_and_hears_the_answer(box: Box) -> None:
    told = Told()
    script = Script("601", press="1", hang_up_after_s=25, language="en")
    assert await told.run(box, script) == 0
    assert told.has("I press 1")


@ON_SESSION_LOOP
async def test_the_other_side_hangs_up(box: Box) -> None:
    told = Told()
    assert await told.run(box, Script("606")) == 0
    assert told.has("Cuelgan al otro lado")


@ON_SESSION_LOOP
@pytest.mark.parametrize(
    ("number", "sentence"),
    [("999", "El número 999 no existe aquí. Pruebe con: 600, 601."), ("604", "604 está ocupado")],
)
async def test_a_refusal_is_one_sentence(box: Box, number: str, sentence: str) -> None:
    told = Told()
    assert await told.run(box, Script(number)) == 1
    assert len(told.complaints) == 1
    assert sentence in told.complaints[0]


@ON_SESSION_LOOP
async def test_nobody_there(box: Box) -> None:
    told = Told()
    assert await told.run(Box(free_udp_port(), box.folder), Script("600")) == 1
    assert "make run" in told.complaints[0]


@ON_SESSION_LOOP
async def test_not_a_key(box: Box) -> None:
    told = Told()
    assert await told.run(box, Script("600", press="1x")) == 1
    assert told.complaints == ["«x» no es una tecla del teléfono."]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_entry_has_words_even_without_data(kind: Kind) -> None:
    for language in ("es", "en"):
        line = ledger_line(Entry("01k", NOON, kind, "system"), language)
        assert line != kind.value
        assert "{" not in line
