"""A centre whose systems are simulated, started as its users start it: one setting, and callers hear what was looked up."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from contact_centre.scripted_caller import Sound
from tests.instance import Api, Instance, prepare, running
from tests.people import closed, newest_from

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

PIN = "917352"
FLOW = """
title: {es: Saldo}
languages: [es]
human: persona
steps:
  pide:
    ask: {prompt: Marque su contrato., into: contrato, min_length: 3, timeout_s: 10}
  clave:
    ask: {prompt: Marque su clave., into: pin, min_length: 6, secret: true, timeout_s: 10}
  saldo:
    look_up:
      connector: facturacion
      operation: saldo
      with: {contrato: "{{ contrato }}", pin: "{{ pin }}"}
      into: {debe: saldo}
  dice:
    say: {prompt: "Su saldo es de {{ debe }} dólares.", interruptible: false}
  fin:
    hang_up: dicho
  persona:
    queue: soporte
"""
BILLING = """
base: https://facturacion.example/api
authentication: {kind: bearer, secret: nadie_la_tiene}
allow: [facturacion.example]
when_down: {es: Facturación no responde.}
operations:
  saldo:
    get: /cuentas/{contrato}/saldo
    arguments: [contrato, pin]
    result: {saldo: "{{ answer.balance }}"}
    not_found: 404
    example:
      - {when: {contrato: "1001"}, answer: {balance: 12.5}}
      - {when: {contrato: "503"}, status: 503}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def simulating(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instance]:
    place: Path = tmp_path_factory.mktemp("s")
    demo = place / "flows" / "demo"
    (demo / "connectors").mkdir(parents=True)
    (demo / "connectors" / "facturacion.yaml").write_text(BILLING)
    (demo / "demo.yaml").write_text(FLOW)
    settings = {"flows_folder": str(place / "flows"), "simulate_connectors": "true"}
    async with running(prepare(place / "home", **settings), ("admin", "sofia"), log_json=True) as instance:
        yield instance


async def test_a_caller_hears_a_balance_and_the_record_holds_it(simulating: Instance) -> None:
    async with Api(simulating, "sofia") as sofia, simulating.trunk() as trunk:
        call = await trunk.call("101", from_number="0991140001")
        await call.answered()
        await call.hears_sound(Sound.SPEECH, within_s=20)
        await call.send_digits(f"1001#{PIN}#")
        await call.hears_sound(Sound.SPEECH, within_s=20)
        await call.hung_up()
        record = await closed(sofia, (await newest_from(sofia, "0991140001"))["id"])
    assert record["interaction"]["data"]["debe"] == 12.5
    assert PIN not in json.dumps(record)
    walked = [
        step for entry in record["entries"] if entry["kind"] == "flow_step" for step in entry["data"]["steps"]
    ]
    assert [step["outcome"] for step in walked if step["step"] == "saldo"] == [
        "facturacion.saldo",
        "answered",
    ]


async def test_while_the_system_is_down_the_caller_comes_to_the_queue(simulating: Instance) -> None:
    async with Api(simulating, "sofia") as sofia, simulating.trunk() as trunk:
        call = await trunk.call("101", from_number="0991140002")
        await call.answered()
        await call.hears_sound(Sound.SPEECH, within_s=20)
        await call.send_digits(f"503#{PIN}#")
        live = await sofia.until(
            "/calls?state=live&text=0991140002",
            lambda page: [each for each in page["items"] if each["stage"] == "queued"],
            timeout_s=20,
        )
        assert live["items"][0]["queue"] == "soporte"
        call.hang_up()
    await simulating.quiet()


async def test_what_was_asked_is_counted_and_the_log_says_what_failed(simulating: Instance) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{simulating.url}/metrics") as answer:
        text = await answer.text()
    assert 'centralita_connector_seconds_count{connector="facturacion",outcome="answered"} 1.0' in text
    assert 'centralita_connector_seconds_count{connector="facturacion",outcome="failing"} 1.0' in text
    assert PIN not in text + simulating.log.read_text()
    lines = [json.loads(line) for line in simulating.log.read_text().splitlines() if line.startswith("{")]
    assert [line["connectors"] for line in lines if line["event"] == "connectors_simulated"] == [
        ["facturacion"]
    ]
    failed = [line for line in lines if line["event"] == "connector_failed"]
    assert [(line["connector"], line["operation"], line["reason"]) for line in failed] == [
        ("facturacion", "saldo", "failing")
    ]
