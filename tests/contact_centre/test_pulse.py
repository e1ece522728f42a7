"""The room's last half hour, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from contact_centre.live.pulse import MINUTES, Pulse, begin_of_picture
from voice_core.interaction import Direction, Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change

NOON = datetime(2026, 11, 20, 17, 0, 20, tzinfo=UTC)


def row(name: str, stage: Stage, at: datetime = NOON) -> Interaction:
    return Interaction(
        id=name,
        channel="voice",
        direction=Direction.INBOUND,
        stage=stage,
        from_address="1",
        to_address="101",
        opened_at=at,
        stage_since=at,
    )


def change(name: str, stage: Stage, kind: Kind) -> Change:
    entry = Entry(interaction_id=name, at=NOON, kind=kind, actor="system", data={})
    return Change(interactions=(row(name, stage),), entries=(entry,))


def figures(pulse: Pulse, now: datetime) -> list[tuple[int, int, int]]:
    return [(one.arrived, one.answered, one.waiting) for one in pulse.minutes(now)]


def test_counts_what_came_and_the_worst_moment_of_each_minute() -> None:
    pulse = Pulse(NOON)
    for name in ("a", "b"):
        pulse.follow(change(name, Stage.FLOW, Kind.OPENED), NOON)
        pulse.follow(change(name, Stage.QUEUED, Kind.QUEUED), NOON)
    pulse.follow(change("a", Stage.TALKING, Kind.ACCEPTED), NOON)
    later = NOON + timedelta(minutes=2)
    pulse.follow(change("b", Stage.TALKING, Kind.ACCEPTED), later)
    assert figures(pulse, later) == [(2, 1, 2), (0, 0, 1), (0, 1, 1)]
    assert figures(pulse, later + timedelta(minutes=1))[-1] == (0, 0, 0)


def test_shows_half_an_hour_and_forgets_the_rest() -> None:
    pulse = Pulse(NOON)
    pulse.follow(change("a", Stage.FLOW, Kind.OPENED), NOON)
    for hours in (1, 5):
        minutes = pulse.minutes(NOON + timedelta(hours=hours))
        assert len(minutes) == MINUTES
        assert sum(one.arrived for one in minutes) == 0
        assert all(b.at - a.at == timedelta(minutes=1) for a, b in pairwise(minutes))


def test_a_clock_put_back_counts_into_the_newest_minute() -> None:
    pulse = Pulse(NOON)
    pulse.follow(change("a", Stage.FLOW, Kind.OPENED), NOON - timedelta(hours=1))
    assert figures(pulse, NOON - timedelta(hours=1)) == [(1, 0, 0)]


def test_is_lived_again_from_the_records_after_a_restart() -> None:
    came = NOON - timedelta(minutes=3)
    answered = replace(
        row("a", Stage.CLOSED, came), queued_at=came, accepted_at=came + timedelta(minutes=1), ended_at=NOON
    )
    still_waiting = replace(row("b", Stage.QUEUED, came), queued_at=came)
    long_ago = replace(row("c", Stage.QUEUED, NOON - timedelta(hours=2)), queued_at=NOON - timedelta(hours=2))
    pulse = Pulse(NOON)
    pulse.seed([still_waiting, answered, long_ago], NOON)
    minutes = pulse.minutes(NOON)
    assert minutes[0].at == begin_of_picture(NOON)
    assert figures(pulse, NOON)[-5:] == [(0, 0, 1), (2, 0, 3), (0, 1, 3), (0, 0, 2), (0, 0, 2)]
