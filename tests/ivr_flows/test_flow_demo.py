"""The demo flow: sound, worth hearing, and never a dead end, whatever the caller does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ivr_flows
from ivr_flows import check, json_schema, load_flows
from ivr_flows.effects import Effect, Enqueue, Gather, HangUp, RecordVoicemail, Say
from ivr_flows.inputs import Digits, Done, Failed, Input, NoInput, Words
from ivr_flows.loading import TESTS
from ivr_flows.yaml_source import read_source
from tests.ivr_flows.lines import MONDAY_TEN, Line

FOLDER = Path(ivr_flows.__file__).parent / "flows" / "demo"
FLOWS = load_flows(FOLDER)
EFFECTS = (Say, Gather, Enqueue, RecordVoicemail, HangUp)

INPUTS = st.one_of(
    st.just(Done()),
    st.just(NoInput()),
    st.builds(Digits, st.text("0123456789*#", max_size=14)),
    st.builds(Digits, st.sampled_from("012349")),
    st.builds(Words, st.text(max_size=40)),
    st.builds(Words, st.sampled_from(["agente", "reclamo", "sí", "12 34 56", "english"])),
    st.builds(Failed, st.sampled_from(["playback", "not_found"])),
)
MOMENTS = st.integers(0, 366 * 24).map(
    lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
)


def to_menu(line: Line) -> Effect:
    while isinstance(line.effect, Say):
        line.answers(Done())
    return line.effect


def until_people(line: Line) -> Effect:
    for _ in range(20):
        if not isinstance(line.effect, Say):
            break
        line.answers(Done())
    return line.effect


def test_nothing_is_wrong_with_it() -> None:
    assert check(FOLDER, {"soporte", "facturacion"}) == []


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_one_key_and_silence_reach_the_queue_at_any_hour(hour: int) -> None:
    line = Line(FLOWS, flow="demo", now=MONDAY_TEN + timedelta(hours=hour))
    to_menu(line)
    line.answers(Digits("1"), NoInput(), NoInput())
    assert until_people(line) == Enqueue(
        "soporte", data={"motivo": "Reclamo técnico", "suministro": "", "idioma": "es"}
    )


def test_a_claim_with_its_number_confirmed() -> None:
    line = Line(FLOWS, flow="demo")
    to_menu(line)
    line.answers(Digits("1"), Digits("004512"))
    assert line.heard() == "Marcó 0, 0, 4, 5, 1, 2. Si es correcto, marque 1. Para corregirlo, marque 2."
    line.answers(Digits("2"), Digits("004513"), Digits("1"))
    effect = until_people(line)
    assert isinstance(effect, Enqueue)
    assert effect.data["suministro"] == "004513"


def test_billing_english_hours_and_a_message() -> None:
    line = Line(FLOWS, flow="demo")
    to_menu(line)
    line.answers(Digits("9"))
    assert line.heard().startswith("To report a fault")
    line.answers(Digits("3"))
    assert "half past seven" in line.heard()
    line.answers(Done(), Digits("2"))
    assert until_people(line) == Enqueue(
        "facturacion", data={"motivo": "Consulta de factura", "idioma": "en"}
    )
    line = Line(FLOWS, flow="demo")
    to_menu(line)
    assert isinstance(line.answers(Digits("4")), RecordVoicemail)
    assert line.answers(Done(), Done()) == HangUp("flow_ended")


def test_greetings_follow_the_clock() -> None:
    heard = [
        Line(FLOWS, flow="demo", now=MONDAY_TEN + timedelta(hours=hour)).heard()[:12] for hour in (0, 5, 12)
    ]
    assert heard == ["Buenos días.", "Buenas tarde", "Buenas noche"]


@given(st.lists(INPUTS, max_size=25), MOMENTS, st.sampled_from(["es", "en", ""]))
def test_whatever_the_caller_does_there_is_one_effect_and_a_state_that_can_be_kept(
    inputs: list[Input], now: datetime, language: str
) -> None:
    line = Line(FLOWS, flow="demo", now=now, language=language)
    for given_input in inputs:
        before = json.dumps(line.turn.state, sort_keys=True)
        turn = line.machine.resume(json.loads(before), given_input, line.context)
        assert line.machine.resume(line.turn.state, given_input, line.context) == turn  # same in, same out
        assert json.dumps(line.turn.state, sort_keys=True) == before  # and nothing was changed underfoot
        assert isinstance(turn.effect, EFFECTS)
        assert turn.error == ""
        assert json.loads(json.dumps(turn.state)) == turn.state
        line.turn = turn
        if isinstance(turn.effect, Gather):
            zero = Line(FLOWS, flow="demo", now=now, language=language)
            zero.turn = turn
            zero.answers(Digits("0"))
            assert isinstance(until_people(zero), Enqueue)


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)),
    st.sampled_from(
        ["v", "flow", "step", "language", "variables", "secrets", "attempts", "steps", "stack", "ended"]
    ),
    INPUTS,
)
def test_a_damaged_state_never_raises(value: object, where: str, given_input: Input) -> None:
    line = Line(FLOWS, flow="demo")
    to_menu(line)
    turn = line.machine.resume({**line.turn.state, where: value}, given_input, line.context)
    assert isinstance(turn.effect, EFFECTS)


def test_the_schema_describes_it() -> None:
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    for path in FOLDER.glob("*.yaml"):
        if not path.name.endswith(TESTS):
            validator.validate(read_source(path.name, path.read_bytes()).data)
    assert not validator.is_valid({"steps": {"a": {"sya": "x"}}})
    assert not validator.is_valid({"steps": {"a": {"menu": {"prompt": "x"}}}})
