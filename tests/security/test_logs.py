"""Fault 35: what people said, typed and are called, and every secret, stand in no log; who heard what stands in the audit."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contact_centre.scripted_caller import Line, RegistrationError
from contact_centre.secrets_file import load_secrets
from contact_centre.web.endpoint import COOKIE
from tests.instance import PASSWORD, Api, Instance
from tests.people import at_desk, closed, dial_in, message_begins, newest_from, sign_off

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
CALLER, NAME = "0997731234", "Zenobia Quispe Marcatipo"
OTHER_CALLER = "0997735678"
SUPPLY, SENT = "44817263", "917348"
NOTE, TAG = "nota-reservada-5520", "etiqueta-reservada-5521"
WRONG_PASSWORD, WRONG_SECRET = "clave-equivocada-7731", "secreto-equivocado-7732"
WRITTEN_WITHIN_S = 10.0


async def test_no_log_holds_what_was_said_typed_or_kept_secret(centralita: Instance) -> None:
    never = {"wrong password": WRONG_PASSWORD, "wrong SIP secret": WRONG_SECRET, "password": PASSWORD}
    never |= {
        "name": NAME,
        "first name": NAME.split(maxsplit=1)[0],
        "typed": SUPPLY,
        "sent": SENT,
        "note": NOTE,
        "tag": TAG,
    }
    never |= await secrets_of(centralita)
    await guesses(centralita)
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
    ):
        never |= {
            f"{who.username}'s {what}": word
            for who in (sofia, ana.api)
            for what, word in session(who).items()
        }
        await ana.api.post("/contacts", name=NAME, numbers=[CALLER])
        talking = asyncio.Event()
        async with asyncio.TaskGroup() as both:
            conversation = both.create_task(a_conversation(trunk, ana, talking))
            both.create_task(a_message(centralita, sofia, trunk, talking))
        talked = conversation.result()
        await closed(sofia, talked)
        record = await sofia.until(
            f"/calls/{talked}", lambda it: it["recordings"][0]["state"] == "stored", 15
        )
        recording = record["recordings"][0]["id"]
        await sofia.get(f"/recordings/{recording}/audio")
        await sofia.get(f"/recordings/{recording}/audio", download="1")
        message = await heard_as_a_task(ana.api)
    await written(centralita, talked)
    logs = logs_of(centralita)
    assert {"messages.log", "security.log", centralita.log.name} <= {path.name for path in logs}
    for what, word in never.items():
        for path, text in logs.items():
            assert word not in text, (what, path)
    await no_number_in_the_open(centralita, logs)
    async with Api(centralita, "admin") as admin:
        heard = {
            (each["actor"], each["action"], each["target"])
            for each in (await admin.get("/audit", page_size="100"))["items"]
        }
    assert heard >= {
        ("sofia", "recording.play", recording),
        ("sofia", "recording.download", recording),
        ("ana", "voicemail.play", message),
    }
    await centralita.quiet()


async def secrets_of(instance: Instance) -> dict[str, str]:
    """What our own parts and the telephones sign in with."""
    kept = load_secrets(instance.home)
    words = {name: word for name, word in kept if isinstance(word, str)} | kept.connectors
    async with Api(instance, "ana") as ana:
        words["browser"] = (await ana.get("/me/softphone"))["password"]
    words["desk phone"] = await instance.sip_secret("ana")
    return words


def session(person: Api) -> dict[str, str]:
    cookies = {cookie.key: cookie.value for cookie in person.session.cookie_jar}
    return {"session": cookies[COOKIE], "CSRF token": person._csrf}


async def guesses(instance: Instance) -> None:
    """Somebody tries a person's password, then a telephone's."""
    async with aiohttp.ClientSession() as http:
        body = {"username": "luis", "password": WRONG_PASSWORD}
        headers = {"Origin": instance.url}
        async with http.post(f"{instance.url}/api/v1/session", json=body, headers=headers) as answer:
            assert answer.status == 401
        async with http.post(
            f"{instance.url}/api/v1/session", json=body | {"x": SENT}, headers=headers
        ) as answer:
            assert answer.status == 422
    async with Line("127.0.0.71", server=instance.server) as stranger:
        with pytest.raises(RegistrationError):
            await stranger.register("ana-sip", WRONG_SECRET)


async def a_conversation(trunk: Line, ana: Any, talking: asyncio.Event) -> str:
    """A caller types a supply number and talks with ana, who presses keys and writes a note; the contact's id."""
    call = await dial_in(trunk, f"1{SUPPLY}#1", caller=CALLER)  # the last: yes, that is the number
    leg, contact = await ana.takes(timeout_s=30)
    talking.set()
    assert contact["contact_name"] == NAME
    assert contact["data"]["suministro"] == SUPPLY, (
        "what was typed reached the agent, so the look below means something"
    )
    path = f"/calls/{contact['id']}"
    await ana.api.post(f"{path}/digits", digits=SENT)
    await call.hears_digits(SENT)
    call.hang_up()
    await leg.hung_up()
    await ana.contact("wrap_up")
    await ana.api.post(f"{path}/wrap-up", disposition="resuelto", note=NOTE, tags=[TAG])
    return str(contact["id"])


async def a_message(instance: Instance, sofia: Api, trunk: Line, talking: asyncio.Event) -> None:
    """Another caller leaves a voicemail, for ana to take after her conversation."""
    call = await dial_in(trunk, "4", caller=OTHER_CALLER)
    left = await newest_from(sofia, OTHER_CALLER)
    await message_begins(instance, left["id"])
    call.play_tone(850)
    await call.listen(2.0)
    await talking.wait()
    await call.send_digits("#")
    await call.hung_up(timeout_s=20)


async def heard_as_a_task(ana: Api) -> str:
    """Ana takes the message, hears it and is done; the id of its recording."""
    work = await ana.until("/me/work", lambda work: work["offer"], 15)
    task = next(each for each in work["interactions"] if each["channel"] == "task")
    await ana.post(f"/offers/{work['offer']['id']}/accept")
    assert (await ana.get(f"/calls/{task['id']}/voicemail")).startswith(b"RIFF")
    await sign_off(ana)
    return f"{task['id']}.r1"


async def written(instance: Instance, contact: str) -> None:
    """The log has come to the end of that contact."""
    async with asyncio.timeout(WRITTEN_WITHIN_S):
        while not re.search(
            rf'contact_closed".*{contact}|{contact}.*contact_closed"', instance.log.read_text()
        ):
            await asyncio.sleep(0.05)


def logs_of(instance: Instance) -> dict[Path, str]:
    """All it wrote that is a log: what it said, its own log, and Asterisk's."""
    folders = (instance.home, instance.home / "asterisk")
    files = {instance.log, instance.home.parent / f"{instance.home.name}.out"}
    files |= {path for folder in folders for path in folder.rglob("*.log*") if path.is_file()}
    return {path: path.read_text(errors="replace") for path in files}


async def no_number_in_the_open(instance: Instance, logs: Mapping[Path, str]) -> None:
    """A caller's number is under a `pii.` key of our own log, where it can be taken out, and nowhere else."""
    for path, text in logs.items():
        shown = "\n".join(map(without_pii, text.splitlines())) if path == instance.log else text
        for number in (CALLER, OTHER_CALLER):
            assert number[1:] not in shown, path
    assert f'"pii.from": "{CALLER}"' in logs[instance.log]


def without_pii(line: str) -> str:
    fields = json.loads(line)
    return json.dumps({name: value for name, value in fields.items() if not name.startswith("pii.")})
