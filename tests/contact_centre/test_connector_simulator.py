"""The simulator answers every operation from its examples; asked by the same client, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

import ivr_flows
from contact_centre.connectors.reading import read_connectors
from contact_centre.connectors.service import open_connectors
from contact_centre.connectors.simulator import simulated
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Answered, NotFound, Unavailable
from tests.contact_centre.systems import description_of

READY = sorted((Path(ivr_flows.__file__).parent / "flows").glob("*/connectors"))

EVERY_WAY = """
base: https://sistema.example/api
timeout_s: 1
retries: 0
operations:
  en_la_ruta: {get: "/a/{x}/b/{y}", arguments: [x, y], result: {r: "{{ answer.r }}"}, not_found: 404, example: [
    {when: {x: "1", y: ñandú y más}, answer: {r: ruta}}]}
  suelto: {get: /suelto, arguments: [x, y], result: {r: "{{ answer.r }}"}, not_found: 404, example: [
    {when: {x: "1", y: "a&b=c"}, answer: {r: suelto}}]}
  con_query: {delete: /q, arguments: [x], query: {q: "numero {{ x }}"}, result: {r: "{{ answer.r }}"}, not_found: 404, example: [
    {when: {x: "5"}, answer: {r: query}}]}
  con_cuerpo: {patch: "/c/{y}", arguments: [x, y], body: {a: [{b: "<{{ x }}>"}]}, result: {r: "{{ answer.r }}"}, not_found: 404,
    example: [{when: {x: "7", y: "8"}, answer: {r: cuerpo}}]}
  sin_cuerpo: {put: /s, arguments: [x], result: {r: "{{ answer.r }}"}, not_found: 404, example: [
    {when: {x: "7"}, status: 201, answer: {r: llano}}]}
  soap11: {soap: {path: /ws, action: "urn:uno", body: "<u><x>{{ x }}</x></u>"}, arguments: [x],
    result: {r: "{{ answer.r[1].s }}"}, not_found: "{{ answer.fault is defined }}",
    example: [{when: {x: "<&>"}, answer: {r: [{s: 1}, {s: dos}]}}]}
  soap12: {soap: {path: /ws, action: "urn:dos", version: "1.2", body: "<u><x>{{ x }}</x></u>"}, arguments: [x],
    result: {r: "{{ answer.r }}"}, not_found: "{{ answer.fault is defined }}", example: [{when: {x: "2"}, answer: {r: doce}}]}
  lento: {get: /lento, example: {delay_s: 60}}
  roto: {get: /roto, example: {status: 503}}
"""


@pytest.mark.parametrize(
    ("operation", "arguments", "answer"),
    [
        ("en_la_ruta", {"x": "1", "y": "ñandú y más"}, "ruta"),
        ("suelto", {"x": "1", "y": "a&b=c"}, "suelto"),
        ("con_query", {"x": "5"}, "query"),
        ("con_cuerpo", {"x": "7", "y": "8"}, "cuerpo"),
        ("sin_cuerpo", {"x": "7"}, "llano"),
        ("soap11", {"x": "<&>"}, "dos"),
        ("soap12", {"x": "2"}, "doce"),
    ],
)
async def test_arguments_are_found_wherever_they_are_sent(
    operation: str, arguments: dict[str, str], answer: str
) -> None:
    descriptions = {"sistema": description_of(EVERY_WAY)}
    async with simulated(descriptions) as led, open_connectors(led, {}) as connectors:
        ask = connectors.ask
        assert await ask(AskSystem("sistema", operation, arguments, frozenset(), ""), "k") == Answered(
            {"r": answer}
        )
        others = {name: f"otro{value}" for name, value in arguments.items()}
        assert await ask(AskSystem("sistema", operation, others, frozenset(), ""), "k") == NotFound()


@pytest.mark.parametrize(("operation", "reason"), [("lento", "timeout"), ("roto", "failing")])
async def test_it_can_be_slow_and_broken_too(operation: str, reason: str) -> None:
    descriptions = {"sistema": description_of(EVERY_WAY)}
    async with simulated(descriptions) as led, open_connectors(led, {}) as connectors:
        answer = await connectors.ask(AskSystem("sistema", operation, {}, frozenset(), ""), "k")
        assert isinstance(answer, Unavailable)
        assert answer.reason == reason


@pytest.mark.parametrize("folder", READY, ids=lambda folder: folder.parent.name)
async def test_every_example_we_bring_is_answered_as_its_description_says(folder: Path) -> None:
    descriptions = read_connectors(folder).descriptions
    async with simulated(descriptions) as led, open_connectors(led, {}) as connectors:
        for name, description in descriptions.items():
            for operation_name, operation in description.operations.items():
                for example in operation.example:
                    if example.status >= 300:
                        continue
                    given = {str(each): "1" for each in operation.arguments}
                    given |= {str(each): str(value) for each, value in example.when.items()}
                    asked = AskSystem(name, str(operation_name), given, frozenset(), "")
                    answer = await connectors.ask(asked, "k")
                    if isinstance(answer, NotFound):
                        assert not example.answer
                        continue
                    assert isinstance(answer, Answered), (name, operation_name, answer)
                    assert any(value is not None for value in answer.values.values())


async def test_real_secrets_never_go_to_the_simulator() -> None:
    text = EVERY_WAY + "authentication: {kind: bearer, secret: clave}\n"
    async with simulated({"sistema": description_of(text)}) as led:
        assert led["sistema"].authentication.kind == "none"
        assert led["sistema"].base.startswith("http://127.0.0.1:")
