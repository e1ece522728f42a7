"""What each verb does, as a caller lives it."""

from __future__ import annotations

import pytest

from ivr_flows import FlowNotFoundError, Flows, QueueView, read_flows
from ivr_flows.effects import (
    Enqueue,
    Gather,
    HangUp,
    Prompt,
    RecordVoicemail,
    Say,
    TransferAgent,
    TransferOut,
)
from ivr_flows.inputs import Digits, Done, Failed, NoInput, Words
from tests.ivr_flows.lines import Line, flows_of

MENU = """
human: persona
languages: [es, en]
steps:
  menu:
    menu:
      prompt: {es: Marque 1, en: Press 1}
      options:
        1: {go: uno, words: [Reclamo, avería]}
        23: dos
      no_input: [{es: primera, en: first}, {es: segunda, en: second}]
      attempts: 4
  uno:
    hang_up: uno
  dos:
    hang_up: dos
  persona:
    queue: soporte
"""


def test_say_speaks_and_the_flow_ends_below_the_last_step() -> None:
    line = Line(flows_of("steps:\n  a:\n    say: Hola {{ caller }}\n"))
    assert line.effect == Say((Prompt("Hola 0991234567", None, "es"),))
    assert line.answers(Done()) == HangUp("flow_ended")
    assert line.answers(Done()) == HangUp("flow_ended")  # an end is an end


def test_play_hears_a_recording_by_language() -> None:
    line = Line(
        flows_of("languages: [es, en]\nsteps:\n  a:\n    play: {es: hola-es, en: hola-en}\n"), language="en"
    )
    assert line.effect == Say((Prompt(None, "hola-en", "en"),))
    assert Line(flows_of("steps:\n  a:\n    play: tonos/jingle\n")).heard() == "<tonos/jingle>"


def test_menu_takes_keys_and_words() -> None:
    flows = flows_of(MENU)
    line = Line(flows)
    assert isinstance(line.effect, Gather)
    assert (line.effect.choices, line.effect.max_digits) == (("1", "23", "0"), 2)
    assert line.answers(Digits("1")) == HangUp("uno")
    assert Line(flows).answers(Digits("23")) == HangUp("dos")
    assert Line(flows).answers(Words("¡AVERIA!")) == HangUp("uno")
    assert Line(flows).answers(Words("Operador")) == Enqueue("soporte")
    assert Line(flows).answers(Digits("0")) == Enqueue("soporte")


def test_menu_changes_its_words_then_leads_to_a_person() -> None:
    line = Line(flows_of(MENU))
    heard = []
    for given in (NoInput(), NoInput(), Digits("9")):
        line.answers(given)
        heard.append(line.heard())
    assert heard == ["primera", "segunda", "Esa opción no es válida. Marque 1"]
    assert line.answers(NoInput()) == Enqueue("soporte")
    assert line.outcomes() == ["no_input: enough", "soporte"]


def test_keys_pressed_during_an_announcement_answer_the_menu_after_it() -> None:
    flows = flows_of(MENU.replace("steps:\n", "start: hola\nsteps:\n  hola:\n    say: {es: Hola, en: Hi}\n"))
    assert Line(flows).answers(Digits("1")) == HangUp("uno")
    assert isinstance(Line(flows).answers(Digits("7")), Gather)


ASK = """
human: persona
steps:
  pide:
    ask:
      prompt: Marque
      into: cedula
      min_length: 3
      max_length: 5
      valid: "value|first != '9'"
      attempts: 2
      otherwise: sin
  dice:
    say: "{{ cedula|deletreo }}"
  sin:
    hang_up: sin
  persona:
    queue: soporte
"""


def test_ask_keeps_digits_and_refuses_what_does_not_fit() -> None:
    flows = flows_of(ASK)
    line = Line(flows)
    line.answers(Digits("0123"))
    assert (line.heard(), line.turn.data) == ("0, 1, 2, 3", {"cedula": "0123"})
    for wrong in (Digits("12"), Digits("999"), Digits("123456"), Words("hola"), NoInput(), Failed("x")):
        line = Line(flows)
        assert isinstance(line.answers(wrong), Gather)
        assert line.answers(wrong) == HangUp("sin")
    line = Line(flows)
    line.answers(Words("12 34"))
    assert line.turn.data == {"cedula": "1234"}
    assert Line(flows).answers(Digits("0")) == Enqueue("soporte")


def test_a_zero_can_be_an_answer_when_the_designer_says_so() -> None:
    flows = flows_of(
        "steps:\n  a:\n    ask: {prompt: x, into: hijos, zero: answer}\n  b:\n    queue: soporte\n"
    )
    assert Line(flows).answers(Digits("0")) == Enqueue("soporte", data={"hijos": "0"})


def test_secrets_reach_neither_agents_nor_the_trace() -> None:
    line = Line(
        flows_of("""
        steps:
          a:
            ask: {prompt: x, into: pin, secret: true}
          b:
            set: {copia: "{{ pin }}", clase: "{{ 'ok' }}"}
          c:
            queue: {name: soporte, data: {motivo: "clave {{ copia }}"}}
        """)
    )
    assert isinstance(line.effect, Gather)
    assert line.effect.secret
    assert line.answers(Digits("4711")) == Enqueue("soporte", data={"motivo": "clave "})
    assert line.turn.data == {"clase": "ok"}
    assert "4711" not in repr(line.turn.trace)


def test_set_keeps_plain_values_and_changes_the_language() -> None:
    line = Line(
        flows_of("""
        languages: [es, en]
        steps:
          a:
            set: {n: 2, doble: "{{ 2 * 2 }}", texto: "n={{ n }}", vacio: null, si: true, language: en}
          b:
            say: {es: hola, en: hello}
        """)
    )
    assert line.turn.data == {"n": 2, "doble": 4, "texto": "n=2", "vacio": "", "si": True}
    assert (line.turn.language, line.heard()) == ("en", "hello")


@pytest.mark.parametrize(("waiting", "expected"), [(0, "corta"), (9, "larga")])
def test_if_looks_at_the_queues(waiting: int, expected: str) -> None:
    flows = flows_of("""
        steps:
          a:
            if: {condition: queues.soporte.waiting > 5, then: larga, else: corta}
          larga:
            hang_up: larga
          corta:
            hang_up: corta
        """)
    assert Line(flows, queues={"soporte": QueueView(waiting)}).effect == HangUp(expected)


@pytest.mark.parametrize(("called", "expected"), [("101", "a"), ("102", "b"), ("103", "c")])
def test_switch_compares_as_text(called: str, expected: str) -> None:
    flows = flows_of("""
        steps:
          s:
            switch: {value: called|int, cases: {101: a, 102: b}}
          c:
            hang_up: c
          a:
            hang_up: a
          b:
            hang_up: b
        """)
    assert Line(flows, called=called).effect == HangUp(expected)


def test_queue_says_who_is_wanted() -> None:
    flows = flows_of("""
        steps:
          c:
            queue:
              name: soporte
              skills:
                - {skill: tecnico, level: 7, relax: {60: 0, 30: 4}}
                - {skill: ingles, level: 1, when: "language == 'en'"}
              priority: "{{ 5 if contact.vip else 1 }}"
              preferred_agent: "{{ contact.last_agent }}"
              data: {motivo: reclamo}
              failed: mensaje
          mensaje:
            voicemail: {queue: soporte, prompt: Deje su mensaje}
        """)
    line = Line(flows, contact={"vip": True, "last_agent": "ana"})
    effect = line.effect
    assert isinstance(effect, Enqueue)
    [skill] = effect.requirements or ()
    assert (skill.skill, skill.level_after(0), skill.level_after(30), skill.level_after(60)) == (
        "tecnico",
        7,
        4,
        0,
    )
    assert (effect.priority, effect.preferred_agent, effect.data) == (5, "ana", {"motivo": "reclamo"})
    assert line.answers(NoInput()) == effect  # restarted before it was done
    assert isinstance(line.answers(Failed("not_found")), RecordVoicemail)
    assert line.answers(Done()) == HangUp("flow_ended")


def test_transfer_checks_what_the_flow_made_of_the_number() -> None:
    def flows(number: str) -> Flows:
        return flows_of(
            f"human: p\nsteps:\n  t:\n    transfer: {{number: '{number}'}}\n  p:\n    queue: soporte\n"
        )

    line = Line(flows("+593 (2) 222-3333"))
    assert line.effect == TransferOut("+59322223333")
    assert line.answers(Failed("not_allowed")) == Enqueue("soporte")
    for hostile in ("1&SIP/x", "${EXTEN}", "100@evil", "{{ contact.name }}", "1\\r2"):
        assert Line(flows(hostile), contact={"name": "Local/1@x"}).effect == Enqueue("soporte")
    agent = flows_of("human: p\nsteps:\n  t:\n    transfer: {agent: ana}\n  p:\n    queue: soporte\n")
    assert Line(agent).effect == TransferAgent("ana")


def test_subflow_has_its_own_variables_and_gives_back() -> None:
    flows = flows_of(
        """
        human: persona
        steps:
          a:
            set: {numero: mio}
          b:
            subflow: {flow: pide, with: {saludo: "hola {{ caller }}"}, into: {cuenta: numero}}
          c:
            queue: soporte
          persona:
            queue: {name: facturacion, data: {quien: "{{ numero }}"}}
        """,
        pide="arguments: [saludo]\nsteps:\n  x:\n    ask: {prompt: '{{ saludo }} {{ numero }}', into: numero}\n",
    )
    line = Line(flows)
    assert line.heard() == "hola 0991234567 "
    assert line.answers(Digits("77")) == Enqueue("soporte", data={"numero": "mio", "cuenta": "77"})
    assert Line(flows).answers(Digits("0")) == Enqueue("facturacion", data={"quien": "mio"})


def test_again_asks_the_same_question_after_a_restart() -> None:
    line = Line(flows_of(MENU))
    before = line.effect
    assert line.machine.again(line.turn.state, line.context).effect == before


def test_a_state_that_no_longer_fits_leads_to_a_person() -> None:
    line = Line(flows_of(MENU))
    gone = {**line.turn.state, "step": "borrado"}
    assert line.machine.resume(gone, Digits("1"), line.context).effect == Enqueue("soporte")
    assert line.machine.resume({"flow": "main"}, Done(), line.context).effect == Enqueue("soporte")
    for nonsense in ({}, {**line.turn.state, "flow": "borrado"}, {**line.turn.state, "stack": [1]}):
        effect = line.machine.resume(nonsense, Done(), line.context).effect
        assert effect in (HangUp("flow_error"), Enqueue("soporte"))


def test_an_unknown_flow_is_refused_at_the_start() -> None:
    with pytest.raises(FlowNotFoundError):
        Line(flows_of(MENU), flow="otro")


CALLBACK = """
    human: persona
    steps:
      devolver:
        callback: {queue: soporte, number: "{{ numero|default(caller) }}", priority: 4, failed: persona}
      persona:
        queue: facturacion
    """


def test_a_callback_keeps_the_place_for_a_number() -> None:
    line = Line(flows_of(CALLBACK), caller="099 123-4567")
    assert line.effect == Enqueue("soporte", priority=4, callback="0991234567")
    assert line.answers(Failed("not_allowed")) == Enqueue("facturacion")


def test_a_number_that_is_none_is_left_to_whoever_dials_to_refuse() -> None:
    line = Line(flows_of(CALLBACK), caller="anonymous")
    assert line.effect == Enqueue("soporte", priority=4, callback="")


SPLIT = """
    steps:
      prueba:
        split: {nuevo: 1, actual: 3}
      nuevo: {hang_up: nuevo}
      actual: {hang_up: actual}
    """


def test_a_split_sends_its_share_and_each_contact_always_the_same_way() -> None:
    flows = flows_of(SPLIT)
    went = {str(number): Line(flows, id=str(number)).effect for number in range(4000)}
    new = sum(effect == HangUp("nuevo") for effect in went.values())
    assert 0.22 < new / 4000 < 0.28  # 1 of 4; four standard deviations are 0.027
    assert all(Line(flows, id=number).effect == went[number] for number in list(went)[:50])
    assert Line(flows, id="1", splits={"prueba": "nuevo"}).effect == HangUp("nuevo")
    assert Line(flows, id="1", splits={"prueba": "actual"}).effect == HangUp("actual")


def test_a_split_of_nothing_is_refused() -> None:
    _, problems = read_flows({"main": "steps: {a: {split: {b: 0, c: 0}}, b: {hang_up: }, c: {hang_up: }}"})
    assert [problem.code for problem in problems] == ["no_share"]
