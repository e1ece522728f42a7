"""One call leaves its traces: JSON log lines that tell its life by its id and name nobody, and figures that moved."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

CALLER = "0991110041"
MOBILE = re.compile(r"(?<!\d)(\+?593|0)9\d{8}(?!\d)")
WRITTEN_WITHIN_S = 10.0
MOVED_BY_A_CALL = {
    "centralita_contacts_ended_total",
    "centralita_offers_total",
    "centralita_recordings_total",
    "centralita_time_to_ring_seconds_count",
    "centralita_wait_to_answer_seconds_count",
    "centralita_talk_seconds_count",
}


async def test_a_call_is_told_in_the_log_and_counted(centralita: Instance) -> None:
    before = await figures(centralita)
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
    ):
        call = await dial_in(trunk, "2", caller=CALLER)
        leg, contact = await ana.takes()
        call.hang_up()
        await leg.hung_up()
        await ana.finish(contact["id"], "informacion")
        record = await closed(sofia, contact["id"])
        await sofia.until(f"/calls/{contact['id']}", lambda it: it["recordings"][0]["state"] == "stored", 15)

    lines = await the_log_with(centralita, "contact_closed", contact["id"])
    mine = [line for line in lines if line.get("interaction") == contact["id"]]
    lived = [line["event"] for line in mine if line["event"].startswith("contact_")]
    steps = ["opened", "queued", "offered", "accepted", "ended", "closed"]
    assert [event for event in lived if event.removeprefix("contact_") in steps] == [
        f"contact_{step}" for step in steps
    ]
    told = {line["event"]: line for line in mine}
    assert told["contact_opened"]["pii.from"] == CALLER
    assert told["contact_opened"]["external_id"] == record["interaction"]["external_id"]
    assert (told["contact_queued"]["queue"], told["contact_accepted"]["agent"]) == ("facturacion", "ana")
    assert told["contact_ended"]["reason"] == "customer_hung_up"
    for line in lines:
        open_fields = {name: value for name, value in line.items() if not name.startswith("pii.")}
        assert MOBILE.search(json.dumps(open_fields)) is None, line

    after = await figures(centralita)
    moved = {name for name, figure in after.items() if figure > before.get(name, 0)}
    assert moved >= MOVED_BY_A_CALL, MOVED_BY_A_CALL - moved
    await centralita.quiet()


async def the_log_with(instance: Instance, event: str, contact_id: str) -> list[dict[str, Any]]:
    """Every line of the log, once this one is there. Each is JSON: a line that is not fails here."""
    async with asyncio.timeout(WRITTEN_WITHIN_S):
        while True:
            whole = instance.log.read_text().rpartition("\n")[0]  # the last line may be under way
            lines = [json.loads(line) for line in whole.splitlines()]
            if any((line["event"], line.get("interaction")) == (event, contact_id) for line in lines):
                return lines
            await asyncio.sleep(0.05)


async def figures(instance: Instance) -> dict[str, float]:
    """Name → sum over its labels."""
    async with aiohttp.ClientSession() as http, http.get(f"{instance.url}/metrics") as answer:
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(await answer.text()):
            for sample in family.samples:
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
        return found
