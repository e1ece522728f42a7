"""Stories beside the flows: what passes, what comes otherwise and how that is told, what was walked through."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ivr_flows
from ivr_flows import Organisation, load_flows, read_folder
from ivr_flows.effects import Say
from ivr_flows.rehearsal import Conversation, NobodyListensError, Rehearsed, rehearse, unknown
from ivr_flows.rehearsal.story import Given, json_schema
from ivr_flows.yaml_source import read_source
from tests.ivr_flows.lines import ORGANISATION

DEMO = Path(ivr_flows.__file__).parent / "flows" / "demo"
FLOWS = load_flows(DEMO)
LINE = """
    human: persona
    steps:
      saludo:
        say: Buenos días
      menu:
        menu:
          prompt: Marque 1 o 2
          options: {1: datos, 2: adios}
      datos:
        ask: {prompt: Su número, into: numero, max_length: 6}
      cola:
        queue: {name: soporte, priority: "{{ 3 if numero == '77' else 0 }}", data: {numero: "{{ numero }}"}, failed: mensaje}
      mensaje:
        voicemail: {queue: soporte, prompt: Deje su mensaje}
      adios:
        say: Hasta luego
      fin:
        hang_up:
      persona:
        transfer: {agent: ana}
    """


def rehearsed(tmp_path: Path, story: str, flow: str = LINE, **others: str) -> Rehearsed:
    (tmp_path / "linea.yaml").write_text(dedent(flow))
    (tmp_path / "linea.test.yaml").write_text(dedent(story))
    for name, text in others.items():
        (tmp_path / f"{name}.test.yaml").write_text(dedent(text))
    flows, problems = read_folder(tmp_path, None)
    assert [problem for problem in problems if problem.severity == "error"] == []
    return rehearse(tmp_path, flows, ORGANISATION)


def otherwise(found: Rehearsed) -> list[tuple[str, int]]:
    assert found.problems == ()
    return [(verdict.problem.code, verdict.problem.line) for verdict in found.verdicts if verdict.problem]


def test_what_came_otherwise_is_told_at_its_line(tmp_path: Path) -> None:
    found = rehearsed(
        tmp_path,
        """\
        tests:
          oye otra cosa:
            - hears: Buenas noches
          nadie espera teclas en la cola:
            - presses: 1
            - presses: "77#"
            - presses: 1
          otra cola:
            - presses: "177#"
            - queued: ventas
          otro valor:
            - presses: "177#"
            - queued: {queue: soporte, priority: 3, data: {numero: 78}}
          otra prioridad:
            - presses: "178#"
            - queued: {queue: soporte, priority: 3}
          a medias:
            - hears: Marque
          ya colgó:
            - hangs_up
            - hears: Marque
          otro paso:
            - asked: datos
            - hangs_up
          no cuelga:
            - hung_up
          otra persona:
            - presses: 0
            - transferred: {agent: luis}
          prohibido:
            never: BUENOS DIAS
            story: [hangs_up]
        """,
    )
    assert otherwise(found) == [
        ("not_heard", 3),
        ("nobody_listens", 7),
        ("other_end", 10),
        ("other_value", 13),
        ("other_value", 16),
        ("story_unfinished", 18),
        ("story_after_hang_up", 21),
        ("other_end", 23),
        ("other_end", 26),
        ("other_end", 29),
        ("never_heard", 30),
    ]
    for verdict in found.failed:
        assert verdict.problem is not None
        for language in ("es", "en"):
            assert "?" not in verdict.problem.line_in(language).replace("¿", "").split("[")[0]


def test_the_same_flow_passes_when_told_as_it_is(tmp_path: Path) -> None:
    found = rehearsed(
        tmp_path,
        """\
        never: Good morning
        tests:
          a la cola:
            - hears: [buenos dias, "Marque 1"]
            - presses: 1
            - presses: "77#"
            - queued: {queue: soporte, priority: 3, data: {numero: 77}}
          la cola no lo recibe:
            - presses: "177#"
            - queued: soporte
            - fails: queue_full
            - hears: Deje su mensaje
            - leaves_message
            - hears: Hasta luego
            - hung_up: flow_ended
          palabras:
            - says: agente
            - transferred: {agent: ana}
          silencio:
            - silent
            - silent
            - silent
            - transferred: {agent: ana}
        """,
    )
    assert otherwise(found) == []
    [covered] = found.covered
    assert covered.steps_left == ()
    assert covered.ways_left == (("menu", "adios"), ("datos", "persona"))
    assert found.steps_percent == 100


def test_a_flow_that_fails_fails_its_test_though_the_caller_reaches_a_person(tmp_path: Path) -> None:
    flow = """
        human: persona
        steps:
          cuenta: {set: {n: "{{ 1 / nada }}"}}
          persona: {queue: soporte}
        """
    found = rehearsed(tmp_path, "tests: {cuenta: [queued: soporte]}", flow)
    assert otherwise(found) == [("flow_failed", 1)]


def test_time_passes_only_in_the_story(tmp_path: Path) -> None:
    flow = """
        steps:
          horario:
            hours: {schedule: {lun-vie: "08:00-16:00"}, holidays: false, open: abierto, closed: cerrado}
          abierto:
            ask: {prompt: Su número, into: n, max_length: 3, attempts: 2, otherwise: horario}
            next: horario
          cerrado: {hang_up: cerrado}
        """
    story = """
        tests:
          dos días después sigue donde estaba:
            given: {time: 2026-11-20 15:00}
            story:
              - asked: abierto
              - passes: {days: 2}
              - presses: 123
              - hung_up: cerrado
          en otra parte del mundo es la misma hora:
            given: {time: 2026-11-20 15:59}
            story:
              - asked: abierto
              - hangs_up
        """
    assert otherwise(rehearsed(tmp_path, story, flow)) == []
    elsewhere = "organisation: {timezone: Asia/Tokyo}\n" + dedent(story)
    assert otherwise(rehearsed(tmp_path, elsewhere, flow)) == []


def test_queues_contact_and_language_are_given(tmp_path: Path) -> None:
    flow = """
        languages: [es, en]
        steps:
          saludo: {say: {es: "Hola {{ contact.name }}, {{ caller }}", en: "Hello {{ contact.name }}"}}
          cuantos: {if: {condition: queues.soporte.waiting > 5, then: fuera, else: cola}}
          cola: {queue: {name: soporte, preferred_agent: "{{ contact.last_agent }}"}}
          fuera: {hang_up: llena}
        """
    story = """
        given: {contact: {name: Ana, last_agent: luis}, caller: "0999"}
        tests:
          pocos:
            - hears: Hola Ana, 0999
            - queued: {queue: soporte, preferred_agent: luis}
          muchos:
            given: {queues: {soporte: {waiting: 6}}}
            story: [hears: Hola Ana, hung_up: llena]
          inglés:
            given: {language: en}
            story: [hears: Hello Ana, queued: soporte]
        """
    assert otherwise(rehearsed(tmp_path, story, flow)) == []


SALDO = """
    human: persona
    steps:
      saldo:
        look_up:
          {connector: facturacion, operation: saldo, with: {contrato: "{{ caller }}"}, into: {saldo: saldo}, not_found: nadie}
      dicho: {say: "Debe {{ saldo }}"}
      fin: {hang_up: }
      nadie: {hang_up: nadie}
      persona: {queue: soporte}
    """


def test_systems_answer_as_the_story_says(tmp_path: Path) -> None:
    story = """
        tests:
          responde:
            given: {systems: {facturacion.saldo: {saldo: 12.5}}, caller: "77"}
            story: [called: {operation: facturacion.saldo, with: {contrato: 77}}, hears: Debe 12.5, hung_up: flow_ended]
          no existe:
            given: {systems: {facturacion.saldo: not_found}}
            story: [called: facturacion.saldo, hung_up: nadie]
          caído:
            given: {systems: {facturacion.saldo: down}}
            story: [queued: soporte]
          sin descripción:
            - queued: soporte
        """
    assert otherwise(rehearsed(tmp_path, story, SALDO)) == []


def test_what_was_not_asked_of_a_system_is_told(tmp_path: Path) -> None:
    story = """
        given: {systems: {facturacion.saldo: not_found}}
        tests:
          otra operación: [called: facturacion.deuda]
          otro contrato: [called: {operation: facturacion.saldo, with: {contrato: 78}}]
        """
    codes = [code for code, _ in otherwise(rehearsed(tmp_path, story, SALDO))]
    assert codes == ["not_called", "other_value"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("tests: {a: [presses: x]}", "wrong_value", 1),
        ("tests:\n  a:\n    - presses: 1\n      says: hola", "one_a_line", 3),
        ("tests:\n  a:\n    - preses: 1", "unknown_field", 3),
        ("tests: {a: [called: facturacion]}", "bad_name", 1),
        ("given: {systems: {saldo: down}}\ntests: {a: [hangs_up]}", "bad_name", 1),
        ("given: {systems: {a.b: up}}\ntests: {a: [hangs_up]}", "wrong_value", 1),
        ("tests: {a: [dice: hola]}", "unknown_field", 1),
        ("tests: {}", "wrong_value", 1),
        ("flow: otra\ntests: {a: [hangs_up]}", "unknown_flow", 1),
        ("given: {time: 2026-11-23T10:00:00Z}\ntests: {a: [hangs_up]}", "time_with_zone", 1),
        ("given: {time: mañana}\ntests: {a: [hangs_up]}", "wrong_value", 1),
        ("organisation: {timezone: Marte}\ntests: {a: [hangs_up]}", "unknown_timezone", 1),
        ("tests: {a: [transferred: {agent: a, number: '1'}]}", "one_destination", 1),
        ("[1, 2", "yaml_syntax", 1),
        ("- 1", "not_a_mapping", 1),
        ("", "file_empty", 1),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    (tmp_path / "linea.yaml").write_text(dedent(LINE))
    (tmp_path / "linea.test.yaml").write_text(text)
    flows, _ = read_folder(tmp_path, None)
    found = rehearse(tmp_path, flows, ORGANISATION)
    assert (code, line) in [(problem.code, problem.line) for problem in found.problems]
    assert found.verdicts == ()


def test_tests_are_no_flows_and_several_files_test_one(tmp_path: Path) -> None:
    story = "tests: {a: [hangs_up]}"
    found = rehearsed(tmp_path, story, **{"linea.otras": "tests: {b: [hangs_up], c: [presses: 2, hung_up]}"})
    assert [verdict.case.name for verdict in found.verdicts] == ["b", "c", "a"]
    assert {verdict.case.flow for verdict in found.verdicts} == {"linea"}
    assert otherwise(found) == []


def test_the_schema_describes_the_demo_stories_and_refuses_what_reading_refuses() -> None:
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    path = DEMO / "demo.test.yaml"
    validator.validate(read_source(path.name, path.read_bytes()).data)
    for wrong in ({"presses": "x"}, {"presses": 1, "says": "hola"}, {"preses": 1}, "dice"):
        assert not validator.is_valid({"tests": {"a": [wrong]}})


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.text("0123456789*#", min_size=1, max_size=12)),
        st.tuples(st.just("say"), st.text(max_size=20)),
        st.tuples(st.sampled_from(["stay_silent", "leave_message"])),
        st.tuples(st.just("fail"), st.sampled_from(["queue_full", "busy"])),
    ),
    max_size=25,
)


@given(ACTS)
def test_whatever_is_done_the_conversation_stands_at_what_waits_for_somebody(
    acts: list[tuple[str, ...]],
) -> None:
    organisation = Organisation("Demo")
    talk = Conversation(
        ivr_flows.Machine(FLOWS, organisation), "demo", Given().context(organisation), unknown
    )
    for name, *values in acts:
        heard = len(talk.heard)
        try:
            getattr(talk, name)(*values)
        except NobodyListensError:
            assert len(talk.heard) == heard
    assert not isinstance(talk.effect, Say)
    assert talk.errors == []
    assert talk.heard[0].words.startswith("Buenos días")
