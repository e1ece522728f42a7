"""The journal on the local disk: what was acknowledged is read again, what was cut off is not, trouble is said aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contract_store import T0, full
from voice_core.agent import Agent, AgentStatus, StatusSpan
from voice_core.errors import InvalidInputError, UnavailableError
from voice_core.interaction import Offer
from voice_core.journal import Journal, Record
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.columns import check_storable

WHOLE = Change(
    (full(),),
    (Agent("ana", "Ana", {"es": 5}, status_since=T0),),
    (Entry("i1", T0, Kind.HELD, "ana", {"n": [1, None], "ñ": "日本"}),),
    (StatusSpan("ana", AgentStatus.TALKING, "", T0, None, "ana"),),
    (Offer("i1.o1", "i1", "ana", "q", T0, T0),),
)


def records(count: int) -> list[Record]:
    return [Record(3, number, (WHOLE, Change(entries=WHOLE.entries))) for number in range(1, count + 1)]


def test_what_was_appended_is_read_in_order_with_every_field(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    assert journal.read() == []
    for record in records(3):
        journal.append(record)
    journal.close()
    assert Journal(tmp_path / "journal").read() == records(3)
    assert journal.path.stat().st_mode & 0o077 == 0
    assert journal.path.parent.stat().st_mode & 0o077 == 0
    journal.clear()
    assert Journal(tmp_path / "journal").read() == []


def test_wherever_the_last_line_was_cut_off_the_others_stay_and_more_can_follow(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for record in records(2):
        journal.append(record)
    whole = journal.path.read_bytes()
    second = whole.index(b"\n") + 1
    for length in [*range(second, second + 30), *range(len(whole) - 30, len(whole))]:
        journal.path.write_bytes(whole[:length])
        again = Journal(tmp_path)
        assert again.read() == records(1)
        again.append(records(2)[1])
        again.close()
        assert journal.path.read_bytes() == whole
    journal.path.write_bytes(whole[:-20] + b"\0" * 19 + b"\n")  # the disk had the length, not the words
    assert Journal(tmp_path).read() == records(1)


def test_damage_before_the_last_line_is_not_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for record in records(2):
        journal.append(record)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:40] + b"X" + whole[41:])
    with pytest.raises(UnavailableError, match=r"Line 1 .* is damaged"):
        Journal(tmp_path).read()


def test_a_full_journal_and_one_that_cannot_be_written_say_so_and_keep_what_they_have(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "full")
    journal.append(records(1)[0])
    bounded = Journal(tmp_path / "full", most_bytes=journal.path.stat().st_size + 10)
    assert bounded.read() == records(1)
    with pytest.raises(UnavailableError, match="full"):
        bounded.append(records(2)[1])
    assert Journal(tmp_path / "full").read() == records(1)
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be written"):
        Journal(tmp_path / "file").append(records(1)[0])
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "changes.jsonl").symlink_to("/dev/full")
    disk_full = Journal(tmp_path / "disk")
    with pytest.raises(UnavailableError, match="No space left"):
        disk_full.append(records(1)[0])
    with pytest.raises(UnavailableError, match="full"):  # half a line may stand there: nothing may follow it
        disk_full.append(records(1)[0])


def test_what_the_database_would_refuse_is_refused_before_it_is_kept() -> None:
    check_storable(WHOLE)
    for bad in ("nul\0", "x" * 65):
        with pytest.raises(InvalidInputError, match="actor"):
            check_storable(Change(entries=(Entry("i1", datetime.now(UTC), Kind.HELD, bad),)))
    with pytest.raises(InvalidInputError, match="priority"):
        check_storable(Change((full(), replace(full(), priority=2**40))))
