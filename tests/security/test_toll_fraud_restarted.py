"""Fault 26 on a whole installation: caps as its operator writes them, still known after everything was stopped and started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contact_centre.centre_reading import ensure_centre_file
from contact_centre.settings import load_settings
from tests.instance import Api, Instance, prepare, running
from tests.people import at_desk, closed

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]
NUMBER = "0991234567"
USED_UP = {
    "es": "Se agotaron los minutos de llamadas salientes de hoy (1). Avise a su supervisor.",
    "en": "Today's minutes of outgoing calls are used up (1). Tell your supervisor.",
}


async def test_what_was_spent_is_spent_after_a_restart(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home")
    centre = ensure_centre_file(load_settings(instance.environment))
    text = centre.read_text()
    assert "minutes_a_day_each: 600" in text
    centre.write_text(text.replace("minutes_a_day_each: 600", "minutes_a_day_each: 1"))
    async with running(instance, ("admin", "sofia", "ana", "luis")):
        call = await one_call(instance)
    async with running(instance, ()), Api(instance, "ana") as ana, Api(instance, "admin") as admin:
        for language, sentence in USED_UP.items():
            status, error = await dial(instance, ana, language)
            assert (status, error["code"], error["message"]) == (429, "outbound_minutes", sentence)
            assert error["data"] == {"cap": "minutes_a_day_each", "limit": "1"}
        async with Api(instance, "luis") as luis:  # has a minute of his own: what he lacks is a phone
            assert (await dial(instance, luis, "en"))[1]["code"] != "outbound_minutes"
        audit = (await admin.get("/audit", page_size="20"))["items"]
        refused = [each for each in audit if each["action"] == "call.refused"]
        assert [(each["actor"], each["target"]) for each in refused] == [("ana", NUMBER)] * 2
        entries = await instance.ledger(call)
        lines = [each for each in entries if each["kind"].startswith("line_")]
        assert [each["kind"] for each in lines] == ["line_opened", "line_answered", "line_closed"]
        assert lines[0]["data"] == {"leg": f"{call}.customer", "to": NUMBER}


async def one_call(instance: Instance) -> str:
    """Ana dials a customer, who answers and hangs up; the contact's id."""
    async with (
        instance.trunk(as_provider=True) as network,
        Api(instance, "sofia") as sofia,
        at_desk(instance, "ana") as ana,
    ):
        contact = await ana.api.post("/calls", number=NUMBER)
        await (await ana.phone.rings()).answer()
        customer = await network.rings()
        await customer.answer()
        path = f"/calls/{contact['id']}"
        await sofia.until(path, lambda it: any(each["kind"] == "line_answered" for each in it["entries"]))
        customer.hang_up()
        await ana.finish(contact["id"])
        await closed(sofia, contact["id"])
        return str(contact["id"])


async def dial(instance: Instance, person: Api, language: str) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person._csrf, "Origin": instance.url, "Accept-Language": language}
    url = f"{instance.url}/api/v1/calls"
    async with person.session.post(url, json={"number": NUMBER}, headers=headers) as answer:
        return answer.status, (await answer.json())["error"]
