"""Agents' time lines: cut to what was asked for, added up by status and reason, over the API."""

from __future__ import annotations

from datetime import timedelta

from contact_centre.live.timeline import timeline
from tests.contact_centre.house import NOON, CentreHouse
from voice_core.agent import AgentState, AgentStatus, StatusSpan

MINUTE = timedelta(minutes=1)
A, P = AgentStatus.AVAILABLE, AgentStatus.PAUSED


def test_spans_are_cut_to_the_window_and_added_up() -> None:
    spans = [
        StatusSpan("ana", A, "", NOON - 30 * MINUTE, NOON + 5 * MINUTE, "ana"),
        StatusSpan("ana", P, "almuerzo", NOON + 5 * MINUTE, NOON + 25 * MINUTE, "ana"),
        StatusSpan("ana", P, "reunion", NOON + 25 * MINUTE, NOON + 35 * MINUTE, "sofia"),
        StatusSpan("ana", A, "", NOON + 35 * MINUTE, None, "ana"),
    ]
    now = NOON + 60 * MINUTE
    found = timeline("ana", spans, NOON, now, now)
    assert [stretch.seconds for stretch in found.stretches] == [300, 1200, 600, 1500]
    assert (found.stretches[0].since, found.stretches[-1].until) == (NOON, None)
    assert [(total.status, total.reason, total.seconds) for total in found.totals] == [
        (A, "", 1800),
        (P, "almuerzo", 1200),
        (P, "reunion", 600),
    ]
    earlier = timeline("ana", spans, NOON, NOON + 40 * MINUTE, now)
    assert earlier.stretches[-1].until == NOON + 40 * MINUTE
    assert sum(total.seconds for total in earlier.totals) == 40 * 60


async def test_today_is_the_organisations_and_lasts_until_now(house: CentreHouse) -> None:
    house.clock.advance(15 * 3600)  # 22:00 of that day in Guayaquil
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    house.clock.advance(9 * 3600)
    await house.desk.set_state("ana", AgentState.PAUSED, "almuerzo", actor="ana")
    house.clock.advance(600)
    async with house.client("sofia") as sofia, house.client("ana") as ana:
        shown = await sofia.get("/agents/ana/timeline")
        assert shown["since"] == "2026-11-21T05:00:00Z"
        assert [(one["status"], one["seconds"], one["until"]) for one in shown["stretches"]] == [
            ("available", 7 * 3600, "2026-11-21T12:00:00Z"),
            ("paused", 600, None),
        ]
        assert shown["totals"][1] == {"status": "paused", "reason": "almuerzo", "seconds": 600}
        assert await ana.get("/me/timeline") == shown
        window = "since=2026-11-21T11:59:00Z&until=2026-11-21T12:01:00Z"
        part = await ana.get(f"/me/timeline?{window}")
        assert [total["seconds"] for total in part["totals"]] == [60, 60]
        assert part["stretches"][1]["until"] == "2026-11-21T12:01:00Z"


async def test_a_time_line_of_somebody_else_or_of_too_long_is_refused(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia, house.client("ana") as ana:
        assert (await ana.ask("GET", "/agents/luis/timeline"))[0] == 403
        assert (await sofia.ask("GET", "/agents/nadie/timeline"))[0] == 404
        for window in (
            "since=2026-11-01T00:00:00Z",
            "since=2026-11-20T12:00:00Z&until=2026-11-20T11:00:00Z",
            "since=2027-01-01T00:00:00Z",
            "since=2026-11-20T12:00:00",
        ):
            assert (await sofia.ask("GET", f"/agents/ana/timeline?{window}"))[0] == 422, window
