"""Flows that ask an institution's own systems while somebody is on the line: on a real Asterisk, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

import ivr_flows
from contact_centre.connectors.reading import read_connectors
from contact_centre.connectors.service import Connectors, open_connectors
from contact_centre.connectors.simulator import simulated
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, hears_speech, rig_on
from tests.contact_centre.systems import Server, description_of, hangs, says, serving
from voice_core.interaction import EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

BALANCE = """
title: {es: Saldo}
languages: [es]
human: persona
steps:
  pide:
    ask: {prompt: Marque su contrato., into: contrato, min_length: 3, timeout_s: 5}
  saldo:
    look_up:
      connector: facturacion
      operation: saldo
      with: {contrato: "{{ contrato }}"}
      into: {debe: saldo, vence: vence}
      not_found: no_existe
  dice:
    say: {prompt: "Su saldo es {{ debe }}.", interruptible: false}
  sigue:
    menu:
      prompt: Marque 2 para terminar.
      options: {2: fin}
      attempts: 1
      timeout_s: 1
  fin:
    hang_up: terminado
  no_existe:
    say: Ese contrato no existe.
    next: end
  persona:
    queue: soporte
"""
CLAIM = """
title: {es: Reclamo}
languages: [es]
human: persona
steps:
  registra:
    act: {connector: sistema, operation: registrar, into: {numero: numero}, while_waiting: Estamos registrando.}
  dice:
    say: "Su número es {{ numero }}."
    next: end
  persona:
    queue: soporte
"""
SYSTEM = """
base: {base}
timeout_s: {timeout_s}
retries: 0
allow: [127.0.0.1]
when_down: {{es: Facturación no responde.}}
operations:
  registrar:
    post: /reclamos
    idempotent: true
    result: {{numero: "{{{{ answer.number }}}}"}}
    example: {{answer: {{number: 1}}}}
"""


@asynccontextmanager
async def etapa() -> AsyncIterator[Connectors]:
    """The systems as we describe them for ETAPA, simulated."""
    folder = Path(ivr_flows.__file__).parent / "flows" / "etapa" / "connectors"
    async with simulated(read_connectors(folder).descriptions) as led, open_connectors(led, {}) as connectors:
        yield connectors


@asynccontextmanager
async def claims_at(server: Server, timeout_s: float) -> AsyncIterator[Connectors]:
    description = description_of(SYSTEM.format(base=server.url, timeout_s=timeout_s))
    async with open_connectors({"sistema": description}, {}) as connectors:
        yield connectors


async def outcomes(rig: Rig, contact_id: str) -> list[str]:
    walked = [entry.data for entry in await rig.entries(contact_id) if entry.kind.value == "flow_step"]
    return [step["outcome"] for data in walked for step in data["steps"]]


async def said(rig: Rig, text: str) -> None:
    await rig.until(lambda: bool(rig.words.after(text)), f"«{text}» is said")


async def test_a_caller_hears_a_balance_looked_up_and_keys_typed_ahead_are_kept(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with etapa() as connectors, rig_on(asterisk, tmp_path, flow=BALANCE, connectors=connectors) as rig:
        caller = await rig.caller(keys="1001#2")
        contact = rig.only()
        await hears_speech(caller)
        await said(rig, "Su saldo es 12.5.")
        await caller.hung_up()
        over = await rig.ended(contact.id)
        assert (over.end_reason, over.data["debe"], over.data["vence"]) == (
            EndReason.FLOW_ENDED,
            12.5,
            "2026-12-10",
        )
        assert "facturacion.saldo" in await outcomes(rig, contact.id)
        assert rig.words.after("Un momento, por favor.") == []  # it was there at once


async def test_a_caller_whose_contract_does_not_exist_hears_so(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with etapa() as connectors, rig_on(asterisk, tmp_path, flow=BALANCE, connectors=connectors) as rig:
        caller = await rig.caller(keys="777#")
        await said(rig, "Ese contrato no existe.")
        await caller.hung_up()


async def test_when_the_system_is_down_the_caller_is_told_and_reaches_a_person(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with etapa() as connectors, rig_on(asterisk, tmp_path, flow=BALANCE, connectors=connectors) as rig:
        caller = await rig.caller(keys="503#")
        await said(rig, "Nuestro sistema de facturación no responde en este momento.")
        await hears_speech(caller)
        contact = await rig.stage(Stage.QUEUED)
        assert contact.queue == "soporte"
        assert "failed: failing" in await outcomes(rig, contact.id)
        ana = await rig.phone("ana")
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        await caller.hears(620, within_s=5)
        caller.hang_up()
        assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP


async def test_a_slow_system_is_waited_for_with_words_and_given_up_in_time(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with (
        serving(hangs) as server,
        claims_at(server, timeout_s=2) as connectors,
        rig_on(asterisk, tmp_path, flow=CLAIM, connectors=connectors) as rig,
    ):
        begun = asyncio.get_running_loop().time()
        caller = await rig.caller()
        await said(rig, "Estamos registrando.")
        await hears_speech(caller)
        await said(rig, "Facturación no responde.")
        await rig.stage(Stage.QUEUED)
        assert asyncio.get_running_loop().time() - begun < TIMEOUT_S
        assert len(server.seen) == 1


async def test_a_hang_up_meanwhile_ends_the_call_at_once(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with (
        serving(hangs) as server,
        claims_at(server, timeout_s=30) as connectors,
        rig_on(asterisk, tmp_path, flow=CLAIM, connectors=connectors) as rig,
    ):
        caller = await rig.caller()
        contact = rig.only()
        await server.came.wait()
        caller.hang_up()
        assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_LEFT_FLOW
        await rig.until(lambda: server.seen[0].transport is None, "nobody waits for the answer any more")


async def test_after_a_crash_the_step_runs_again_with_the_same_key(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    answering = asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        await answering.wait()
        return web.json_response({"number": "R-7"})

    async with (
        AsyncExitStack() as people,
        serving(late) as server,
        claims_at(server, timeout_s=20) as connectors,
    ):
        async with rig_on(asterisk, tmp_path, flow=CLAIM, connectors=connectors) as before:
            caller = await before.caller()
            contact = before.only()
            await server.came.wait()
            people.push_async_exit(await before.killed())
        server.came.clear()
        async with rig_on(asterisk, tmp_path, store=before.store, flow=CLAIM, connectors=connectors) as after:
            await server.came.wait()
            answering.set()
            await said(after, "Su número es R-7.")
            await caller.hung_up()
            assert (await after.ended(contact.id)).end_reason is EndReason.FLOW_ENDED
        first, second = (request.headers["Idempotency-Key"] for request in server.seen)
        assert first == second


async def test_another_contact_has_another_key(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with serving(says({"number": "R-8"})) as server, claims_at(server, timeout_s=5) as connectors:
        async with rig_on(asterisk, tmp_path, flow=CLAIM, connectors=connectors) as rig:
            for _ in range(2):
                caller = await rig.caller()
                await caller.hung_up()
        first, second = (request.headers["Idempotency-Key"] for request in server.seen)
        assert first != second
