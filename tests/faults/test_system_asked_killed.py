"""kill -9 while an institution's own system is asked to do something: asked again under the same key, and nobody is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from contact_centre.scripted_caller import Sound
from tests.contact_centre.systems import serving
from tests.faults.processes import kill_controller, serving_again
from tests.instance import Api, prepare, running
from tests.people import closed, newest_from

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
CALLER = "0991150001"

FLOW = """
title: {es: Reclamo}
languages: [es]
human: persona
steps:
  registra:
    act: {connector: reclamos, operation: registrar, with: {motivo: sin agua}, into: {numero: numero}}
  dice:
    say: {prompt: "Su reclamo es el número {{ numero }}.", interruptible: false}
  fin:
    hang_up: dicho
  persona:
    queue: soporte
"""
CLAIMS = """
base: {base}
timeout_s: 30
allow: [127.0.0.1]
operations:
  registrar:
    post: /reclamos
    arguments: [motivo]
    result: {{numero: "{{{{ answer.number }}}}"}}
    example: {{answer: {{number: 7}}}}
"""


async def test_it_is_asked_again_under_the_same_key_and_the_caller_hears_the_answer(tmp_path: Path) -> None:
    answering = asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        await answering.wait()
        return web.json_response({"number": 20418})

    flows = tmp_path / "flows" / "demo"
    (flows / "connectors").mkdir(parents=True)
    (flows / "demo.yaml").write_text(FLOW)
    async with serving(late) as claims:
        (flows / "connectors" / "reclamos.yaml").write_text(CLAIMS.format(base=claims.url))
        instance = prepare(tmp_path / "home", flows_folder=str(tmp_path / "flows"))
        async with running(instance, ("admin", "sofia")), instance.trunk() as trunk:
            call = await trunk.call("101", from_number=CALLER)
            await call.answered()
            await claims.came.wait()
            claims.came.clear()
            dead = await kill_controller(instance)
            await serving_again(instance, dead)
            await claims.came.wait()
            answering.set()
            await call.hears_sound(Sound.SPEECH, within_s=20)
            await call.hung_up()
            async with Api(instance, "sofia") as sofia:
                record = await closed(sofia, (await newest_from(sofia, CALLER))["id"])
            await instance.quiet()
    assert (record["interaction"]["end_reason"], record["interaction"]["data"]["numero"]) == (
        "flow_ended",
        20418,
    )
    assert claims.bodies == [b'{"motivo": "sin agua"}'] * 2
    first, second = (request.headers["Idempotency-Key"] for request in claims.seen)
    assert first == second
