"""A_T / (A + B − S), by queue and day of the organisation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from contact_centre.live.service_level import ServiceLevels
from voice_core.interaction import Direction, EndReason, Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.queue import QueueConfig

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # noon in Guayaquil
QUEUES = {"soporte": QueueConfig("soporte", service_level_s=20)}


def levels() -> ServiceLevels:
    return ServiceLevels(QUEUES, ZoneInfo("America/Guayaquil"), NOON)


def row(
    *, answered_s: float | None = None, abandoned_s: float | None = None, at: datetime = NOON
) -> Interaction:
    return Interaction(
        id="x",
        channel="voice",
        direction=Direction.INBOUND,
        stage=Stage.TALKING,
        from_address="1",
        to_address="101",
        opened_at=at,
        stage_since=at,
        queue="soporte",
        queued_at=at,
        accepted_at=None if answered_s is None else at + timedelta(seconds=answered_s),
        ended_at=None if abandoned_s is None else at + timedelta(seconds=abandoned_s),
        end_reason=None if abandoned_s is None else EndReason.ABANDONED,
    )


def change(told: Interaction) -> Change:
    at = told.accepted_at or told.ended_at or told.opened_at
    kind = Kind.ACCEPTED if told.accepted_at else Kind.ENDED
    return Change(interactions=(told,), entries=(Entry(told.id, at, kind, "ana"),))


def test_nothing_is_known_before_the_first_contact() -> None:
    assert levels().share("soporte") is None


def test_short_abandons_do_not_count() -> None:
    counted = levels()
    for told in (row(answered_s=20), row(answered_s=20.1), row(abandoned_s=60), row(abandoned_s=4.9)):
        counted.follow(change(told))
    assert counted.share("soporte") == round(1 / 3, 4)


def test_stored_rows_count_as_told_ones_do() -> None:
    counted = levels()
    counted.seed([row(answered_s=1), row(abandoned_s=9)])
    assert counted.share("soporte") == 0.5


def test_a_second_acceptance_of_the_same_contact_counts_once() -> None:
    counted, told = levels(), row(answered_s=3)
    counted.follow(change(told))
    again = Entry("x", NOON + timedelta(minutes=5), Kind.ACCEPTED, "luis")
    counted.follow(Change(interactions=(told,), entries=(again,)))
    counted.follow(change(row(answered_s=100)))
    assert counted.share("soporte") == 0.5


def test_a_new_day_begins_at_the_organisations_midnight() -> None:
    counted = levels()
    counted.follow(change(row(answered_s=100)))
    counted.follow(
        change(row(answered_s=1, at=NOON + timedelta(hours=11)))
    )  # 23:00 there, the next day in UTC
    assert counted.share("soporte") == 0.5
    counted.follow(change(row(answered_s=1, at=NOON + timedelta(hours=13))))
    assert counted.share("soporte") == 1.0
    assert counted.begin_of_day(NOON) == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
