"""look_up and act: what a flow asks of an institution's own systems, and what it makes of the answers."""

from __future__ import annotations

import json

import pytest

from ivr_flows import OperationView, outline, read_flows
from ivr_flows.effects import AskSystem, Enqueue, HangUp, Prompt, Say
from ivr_flows.inputs import Answered, Digits, Done, Failed, Input, NoInput, NotFound, Unavailable
from tests.ivr_flows.lines import Line, flows_of

BALANCE = """
human: persona
languages: [es, en]
steps:
  pide:
    ask: {prompt: {es: Marque su contrato, en: Key in your contract}, into: contrato, secret: SECRET}
  saldo:
    look_up:
      connector: facturacion
      operation: saldo
      with: {contrato: "{{ contrato }}", canal: voz}
      into: {debe: saldo, vence: vence}
      not_found: no_existe
      FAILED
  dice:
    say: {es: "Debe {{ debe }} hasta {{ vence }}", en: "You owe {{ debe }}"}
  fin:
    hang_up: dicho
  no_existe:
    hang_up: no_existe
  caido:
    hang_up: caido
  persona:
    queue: soporte
"""
PLAIN = BALANCE.replace("SECRET", "false").replace("FAILED", "while_waiting: {es: Ya va, en: Wait}")
LED = BALANCE.replace("SECRET", "false").replace("FAILED", "failed: caido")
ANSWER = Answered({"saldo": 12.5, "vence": "2026-12-10"})


def asked(text: str, **context: str) -> Line:
    line = Line(flows_of(text), **context)
    line.answers(Digits("1001"))
    return line


def test_a_system_is_asked_with_arguments_and_its_answer_is_kept() -> None:
    line = asked(PLAIN)
    assert line.effect == AskSystem(
        connector="facturacion",
        operation="saldo",
        arguments={"contrato": "1001", "canal": "voz"},
        secrets=frozenset(),
        key="main.saldo.0",
        waiting=(Prompt("Ya va", None, "es"),),
    )
    line.answers(ANSWER)
    assert line.heard() == "Debe 12.5 hasta 2026-12-10"
    assert line.turn.data == {"contrato": "1001", "debe": 12.5, "vence": "2026-12-10"}
    assert line.outcomes() == ["answered", "said"]


def test_without_words_of_the_designer_the_caller_is_still_asked_to_wait() -> None:
    effect = asked(LED, language="en").effect
    assert isinstance(effect, AskSystem)
    assert [prompt.text for prompt in effect.waiting] == ["One moment, please."]


def test_what_does_not_exist_has_a_way_of_its_own_and_else_leads_to_a_person() -> None:
    assert asked(PLAIN).answers(NotFound()) == HangUp("no_existe")
    assert asked(PLAIN.replace("not_found: no_existe", "")).answers(NotFound()) == Enqueue(
        "soporte", data={"contrato": "1001"}
    )


def test_when_a_system_is_down_its_own_words_are_said_and_a_person_follows() -> None:
    words = {"es": "Facturación no responde.", "en": "Billing is down."}
    line = asked(PLAIN, language="en")
    assert line.answers(Unavailable("timeout", words)) == Say((Prompt("Billing is down.", None, "en"),))
    assert line.outcomes() == ["failed: timeout"]
    assert line.answers(Done()) == Enqueue("soporte", data={"contrato": "1001"})
    line = asked(PLAIN)
    line.answers(Unavailable("timeout"))
    assert line.heard() == "El sistema que se necesita no responde en este momento."
    assert isinstance(line.answers(Digits("3")), Enqueue)  # a key that cut it short changes nothing


def test_the_designer_may_lead_a_failure_elsewhere_and_nothing_is_said() -> None:
    for given in (Unavailable("timeout", {"es": "No responde."}), Failed("unknown")):
        assert asked(LED).answers(given) == HangUp("caido")


HOSTILE = [
    ["a", "list"],
    {"a": "mapping"},
    float("nan"),
    float("inf"),
    10**30,
    pytest.param(object(), id="object"),
]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_an_answer_that_is_no_plain_value_is_no_answer(value: object) -> None:
    line = asked(LED)
    given = Answered({"saldo": "1", "vence": value})  # type: ignore[dict-item]
    assert line.answers(given) == HangUp("caido")
    assert line.outcomes() == ["failed: bad_answer", "caido"]
    assert "debe" not in line.turn.data  # half of an answer is not kept either


def test_words_that_come_back_are_short_and_sayable_and_are_no_template() -> None:
    line = asked(PLAIN)
    line.answers(Answered({"saldo": "{{ caller }}\x00\n\tfin", "vence": "a " * 5_000}))
    assert line.turn.data["debe"] == "{{ caller }} fin"
    assert len(str(line.turn.data["vence"])) <= 500
    assert "{{ caller }}" in line.heard()
    line = asked(PLAIN)
    line.answers(Answered({}))
    assert line.turn.data["debe"] is None


def test_a_secret_is_sent_named_as_one_and_shown_to_nobody() -> None:
    line = asked(BALANCE.replace("SECRET", "true").replace("FAILED", "failed: caido"))
    assert isinstance(line.effect, AskSystem)
    assert (line.effect.arguments["contrato"], line.effect.secrets) == ("1001", frozenset({"contrato"}))
    assert "1001" not in json.dumps([line.turn.data, line.outcomes()])
    line.answers(ANSWER)
    assert "1001" not in json.dumps([line.turn.data, line.outcomes()])


ACT = """
human: persona
steps:
  registra:
    act: {connector: reclamos, operation: registrar, with: {texto: "sin luz"}, into: {numero: numero}, failed: otra}
  otra:
    ask: {prompt: "Marque {{ numero }}", into: n}
  vuelve:
    goto: registra
  persona:
    queue: soporte
"""


def test_a_step_that_runs_again_after_a_crash_has_the_same_key_and_a_new_visit_another() -> None:
    def key(line: Line) -> str:
        assert isinstance(line.effect, AskSystem)
        return line.effect.key

    line = Line(flows_of(ACT))
    first = key(line)
    for _ in range(3):  # killed and started again: nothing was answered yet
        line.turn = line.machine.again(json.loads(json.dumps(line.turn.state)), line.context)
        assert key(line) == first
    line.answers(NoInput())
    assert key(line) == first
    line.answers(Answered({"numero": "R-1"}), Digits("5"))
    assert key(line) not in ("", first)
    second = key(line)
    line.answers(Unavailable("timeout"), Digits("5"))
    assert key(line) not in (first, second)


def test_a_state_stored_before_there_were_systems_is_still_read() -> None:
    line = Line(flows_of(ACT))
    old = {name: value for name, value in line.turn.state.items() if name != "asked"}
    assert isinstance(line.machine.again(old, line.context).effect, AskSystem)


def test_an_argument_that_is_no_plain_value_leads_to_a_person() -> None:
    line = Line(flows_of(ACT.replace('"sin luz"', '"{{ [1, 2] }}"')))
    assert line.effect == Enqueue("soporte")


SYSTEMS = {
    "facturacion": {
        "saldo": OperationView(frozenset({"contrato", "canal"}), frozenset({"saldo", "vence"})),
        "pagar": OperationView(frozenset({"contrato"}), frozenset({"numero"}), changes=True),
    }
}


@pytest.mark.parametrize(
    ("wrong", "right", "code", "line", "near"),
    [
        ("connector: facturasion", "connector: facturacion", "unknown_connector", 9, "facturacion"),
        ("operation: saldos", "operation: saldo", "unknown_operation", 10, "saldo"),
        ("contratos:", "contrato:", "unknown_operand", 11, "contrato"),
        (", canal: voz}", "}", "missing_operand", 8, None),
        ("debe: saldos", "debe: saldo", "unknown_result", 12, "saldo"),
    ],
)
def test_the_check_tells_what_a_system_does_not_offer(
    wrong: str, right: str, code: str, line: int, near: str | None
) -> None:
    text = (
        PLAIN.replace(", canal: voz}", "}") if code == "missing_operand" else PLAIN.replace(right, wrong, 1)
    )
    problems = [
        problem
        for problem in read_flows({"main": text}, {"soporte"}, SYSTEMS)[1]
        if problem.severity == "error"
    ]
    found = next(problem for problem in problems if problem.code == code)
    assert found.line == line
    if near is not None:
        assert near in found.remedy
        assert near in found.words("en")[1]


def test_the_check_refuses_to_look_up_what_changes_something() -> None:
    text = """
human: persona
steps:
  paga:
    look_up: {connector: facturacion, operation: pagar, with: {contrato: "1"}}
  persona:
    queue: soporte
"""
    codes = [problem.code for problem in read_flows({"main": text}, {"soporte"}, SYSTEMS)[1]]
    assert codes == ["look_up_changes"]
    assert read_flows({"main": text.replace("look_up", "act")}, {"soporte"}, SYSTEMS)[1] == []
    assert read_flows({"main": text}, {"soporte"})[1] == []  # what is not known cannot be judged


def test_a_drawn_flow_names_the_system_and_where_each_answer_leads() -> None:
    step = next(each for each in outline(flows_of(PLAIN)["main"]) if each.id == "saldo")
    assert (step.about, step.heard) == ("facturacion", {"es": "Ya va", "en": "Wait"})
    ways = {way.label: way.to for way in step.ways}
    assert ways == {"not_found": "no_existe", "failed": "persona", "": "dice"}


def test_a_secret_is_not_said_while_waiting() -> None:
    text = BALANCE.replace("SECRET", "true").replace(
        "FAILED", 'while_waiting: {es: "{{ contrato }}", en: "x"}'
    )
    assert "secret_shown" in [problem.code for problem in read_flows({"main": text}, {"soporte"})[1]]


def test_asking_again_and_again_without_listening_is_an_endless_loop() -> None:
    text = PLAIN.replace("not_found: no_existe", "not_found: saldo")
    assert "endless_loop" in [problem.code for problem in read_flows({"main": text}, {"soporte"})[1]]


@pytest.mark.parametrize("given", [Done(), Digits("1"), NotFound(), Answered({}), Unavailable("x")], ids=repr)
def test_other_steps_bear_answers_that_were_not_theirs(given: Input) -> None:
    assert Line(flows_of("steps:\n  a:\n    say: Hola\n")).answers(given) is not None
