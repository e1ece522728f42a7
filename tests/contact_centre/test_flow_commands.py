"""`centralita flow test` and `flow try`, as a designer uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import ivr_flows
from contact_centre.__main__ import app

FLOWS = Path(ivr_flows.__file__).parent / "flows"
ORGANISATIONS = sorted({path.parent for path in FLOWS.glob("*/*.yaml")})
DEMO = FLOWS / "demo"


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["flow", *words], input=typed)


def folder_with(tmp_path: Path, story: str) -> str:
    (tmp_path / "linea.yaml").write_text("steps: {hola: {say: Hola}, fin: {hang_up: }, nunca: {say: Nunca}}")
    (tmp_path / "linea.test.yaml").write_text(story)
    return str(tmp_path)


def test_the_demo_is_tested_from_the_command_line() -> None:
    said = run("test", str(DEMO), "--coverage", "95")
    assert said.exit_code == 0, said.output
    assert "demo: pasos 17/17" in said.output
    assert "0 con diferencias, 100 % de los pasos" in said.output


@pytest.mark.parametrize("folder", ORGANISATIONS, ids=lambda folder: str(folder.name))
def test_every_organisation_s_flows_pass_their_stories_which_walk_their_steps(folder: Path) -> None:
    assert run("check", str(folder)).output == "Flujos correctos.\n"
    said = run("test", str(folder), "--coverage", "95")
    assert said.exit_code == 0, said.output


def test_a_difference_shows_the_conversation_and_the_place(tmp_path: Path) -> None:
    said = run("test", folder_with(tmp_path, "tests:\n  saluda:\n    - hears: Adiós"))
    assert said.exit_code == 1
    assert "✗ saluda" in said.output
    assert "← Hola" in said.output
    assert "linea.test.yaml:3:1: error: No se oyó «Adiós». Se oyó: Hola" in said.output
    assert "sin probar: nunca" in said.output


def test_too_little_coverage_is_a_failure_unless_some_are_chosen(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "tests: {saluda: [hears: Hola], otra: [hung_up]}")
    assert run("test", folder, "--coverage", "90").exit_code == 1
    assert run("test", folder, "--coverage", "50").exit_code == 0
    assert run("test", folder, "--coverage", "90", "--only", "SALUDA").exit_code == 0


def test_what_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    assert run("test", folder_with(tmp_path, "tests: {saluda: [heers: Hola]}")).exit_code == 2
    (tmp_path / "linea.test.yaml").unlink()
    said = run("test", str(tmp_path))
    assert said.exit_code == 2
    assert "No hay pruebas" in said.output
    (tmp_path / "linea.yaml").write_text("steps: {hola: {sya: Hola}}")
    assert run("test", str(tmp_path)).exit_code == 2


def test_programs_read_json(tmp_path: Path) -> None:
    said = run("test", folder_with(tmp_path, "tests: {saluda: [hears: Adiós], otra: [hung_up]}"), "--json")
    read = json.loads(said.output)
    assert [(one["name"], one["problem"] and one["problem"]["code"]) for one in read["tests"]] == [
        ("saluda", "not_heard"),
        ("otra", None),
    ]
    assert read["coverage"][0]["steps_left"] == ["nunca"]
    assert read["steps_percent"] == 66.7


def test_one_converses_with_a_flow() -> None:
    said = run("try", "demo", str(DEMO), "--at", "2026-11-23 22:00", typed="9\nclaim\n1234#\n1\n\n")
    assert said.exit_code == 0, said.output
    for words in ("Buenas noches", "To report a fault", "Enter your supply number", "1, 2, 3, 4"):
        assert words in said.output
    assert "pasa a la cola soporte" in said.output
    assert "suministro: 1234" in said.output


def test_it_goes_on_when_the_queue_does_not_take_it_and_one_may_hang_up() -> None:
    said = run("try", "demo", str(DEMO), "--lang", "en", typed="2\nfail\nhola\n")
    assert "goes to the queue facturacion" in said.output
    assert "hangs up (flow_ended)" in said.output
    assert run("try", "demo", str(DEMO), typed="").exit_code == 0


def test_it_says_what_there_is_to_try() -> None:
    said = run("try", "otra", str(DEMO))
    assert said.exit_code == 1
    assert "demo, suministro" in said.output
    assert "2026-12-25 10:00" in run("try", "demo", str(DEMO), "--at", "mañana").output


def test_editors_are_given_schemas() -> None:
    assert "menu" in json.loads(run("schema").output)["$defs"]["Menu"]["title"].lower()
    assert "tests" in json.loads(run("schema", "--tests").output)["properties"]
