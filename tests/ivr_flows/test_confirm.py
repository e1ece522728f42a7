"""confirm: what was understood is said, and the caller says whether it is right."""

from __future__ import annotations

import pytest

from ivr_flows import Way, outline, read_flows
from ivr_flows.effects import Enqueue, Gather, HangUp
from ivr_flows.inputs import Digits, Input, NoInput, Words
from tests.ivr_flows.lines import Line, flows_of

FLOW = """
human: persona
languages: [es, en]
steps:
  pide:
    ask: {prompt: {es: ¿Cuánto?, en: How much?}, into: monto, kind: money}
  otra:
    ask: {prompt: {es: ¿Cuándo?, en: When?}, into: dia, kind: date}
  confirma:
    confirm: {CONFIRM}
  cola:
    queue: soporte
  persona:
    queue: facturacion
"""


def confirming(confirm: str, **others: str) -> Line:
    line = Line(flows_of(FLOW.replace("{CONFIRM}", "{" + confirm + "}")), **others)
    line.answers(Digits("12*50"), Digits("03122026"))
    return line


def test_yes_goes_on_and_no_goes_back_to_the_question_that_gave_the_value() -> None:
    line = confirming("value: monto, as: money")
    assert line.heard() == (
        "Entendí: doce dólares con cincuenta centavos. Si es correcto, marque 1. Para corregirlo, marque 2."
    )
    assert isinstance(line.effect, Gather)
    assert (line.effect.choices, line.effect.max_digits, line.effect.kind) == (("1", "2", "0"), 1, "confirm")
    assert line.answers(Digits("2"), Digits("13"), Digits("0312"), Digits("1")) == Enqueue(
        "soporte", data={"monto": 13, "dia": "2026-12-03"}
    )


def test_without_a_value_of_an_ask_it_is_the_nearest_question() -> None:
    line = confirming("prompt: {es: '¿{{ dia|fecha }}?', en: '{{ dia|date }}?'}")
    assert line.heard() == "¿tres de diciembre de dos mil veintiséis?"
    line.answers(Words("No"))
    assert line.heard() == "¿Cuándo?"


def test_the_step_to_go_back_to_can_be_named() -> None:
    line = confirming("value: dia, again: pide")
    line.answers(Digits("2"))
    assert line.heard() == "¿Cuánto?"


@pytest.mark.parametrize(("given", "goes_on"), [
    (Digits("1"), True), (Words("sí"), True), (Words("Claro que sí."), True), (Words("yes"), True),
    (Digits("2"), False), (Words("no, gracias"), False), (Words("No es correcto"), False),
])  # fmt: skip
def test_keys_and_words(given: Input, goes_on: bool) -> None:
    assert isinstance(confirming("value: dia").answers(given), Enqueue) is goes_on


def test_retries_like_other_questions_and_zero_is_a_person() -> None:
    line = confirming("value: dia, attempts: 2, no_input: [{es: ¿Sí o no?, en: Yes or no?}], otherwise: end")
    line.answers(NoInput())
    assert line.heard() == "¿Sí o no?"
    assert line.answers(Digits("7")) == HangUp("flow_ended")
    line = confirming("value: dia")
    line.answers(Digits("7"))
    assert line.heard().startswith("Marque 1 para sí o 2 para no. Entendí: tres de diciembre")
    assert line.answers(Digits("0")) == Enqueue("facturacion", data={"monto": 12.5, "dia": "2026-12-03"})
    assert isinstance(confirming("value: dia").answers(Words("persona")), Enqueue)


def test_in_english_and_in_writing() -> None:
    assert confirming("value: dia", language="en").heard() == (
        "I understood: December third, twenty twenty-six. If it is right, press 1. To correct it, press 2."
    )
    written = confirming("value: monto, as: money", medium="text")
    assert written.heard() == "Entendí: $12.50. ¿Es correcto? Responda sí o no."
    written.answers(Words("tal vez"))
    assert written.heard() == "Responda sí o no. Entendí: $12.50. ¿Es correcto? Responda sí o no."


def test_after_a_restart_it_is_said_again() -> None:
    line = confirming("value: dia")
    assert line.machine.again(line.turn.state, line.context).effect == line.effect


def test_it_is_drawn_with_its_way_back() -> None:
    flows, problems = read_flows({"main": FLOW.replace("{CONFIRM}", "{value: monto}")})
    assert problems == []
    [confirm] = [step for step in outline(flows["main"]) if step.id == "confirma"]
    assert confirm.ways == (
        Way("again", "pide"),
        Way("otherwise", "persona"),
        Way("0", "persona"),
        Way("", "cola"),
    )
