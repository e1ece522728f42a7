"""`centralita connector …` and `flow check`, as whoever describes a system meets them."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import structlog
from typer.testing import CliRunner

from contact_centre.__main__ import app
from tests.contact_centre.systems import says, serving
from tests.instance import ROOT, prepare

BILLING = """
base: {base}
authentication: {{kind: bearer, secret: clave}}
allow: [127.0.0.1]
retries: 0
operations:
  saldo:
    get: /saldo/{{contrato}}
    arguments: [contrato]
    result: {{saldo: "{{{{ answer.balance }}}}"}}
    not_found: 404
    example: {{when: {{contrato: "1001"}}, answer: {{balance: 7.25}}}}
"""
FLOW = """
title: {es: Saldo}
languages: [es]
human: persona
steps:
  saldo:
    look_up: {connector: facturacion, operation: saldo, with: {contrato: "1001"}, into: {debe: saldo}}
  dice:
    say: "Debe {{ debe }}"
    next: end
  persona:
    queue: soporte
"""


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command sets up the logs of its process, which here is the tests'."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a centre's flows; the centre itself has its home beside it."""
    flows = tmp_path / "flows" / "demo"
    (flows / "connectors").mkdir(parents=True)
    (flows / "demo.yaml").write_text(FLOW)
    monkeypatch.setenv("CENTRALITA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CENTRALITA_FLOWS_FOLDER", str(tmp_path / "flows"))
    describe(flows, "http://127.0.0.1:9")
    return flows


def describe(flows: Path, base: str) -> None:
    (flows / "connectors" / "facturacion.yaml").write_text(BILLING.format(base=base))


def give_secret(value: str) -> tuple[int, str]:
    return run("connector", "secret", "clave", stdin=value + "\n")


def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
    outcome = CliRunner().invoke(app, list(arguments), input=stdin)
    return outcome.exit_code, outcome.output


def test_a_missing_secret_is_told_with_what_to_do_and_kept_for_its_owner_only(centre: Path) -> None:
    code, out = run("connector", "check")
    assert code == 1
    assert "centralita connector secret clave" in out
    path = centre.parents[1] / "home" / "secrets.json"
    ours = json.loads(path.read_text())
    code, out = give_secret("s3creto-del-sistema")
    assert (code, "s3creto" in out) == (0, False)
    assert json.loads(path.read_text()) == {**ours, "connectors": {"clave": "s3creto-del-sistema"}}
    assert path.stat().st_mode & 0o077 == 0
    code, out = run("connector", "check")
    assert (code, "Conectores correctos." in out) == (0, True)
    assert "s3creto" not in out


@pytest.mark.parametrize("value", ["", " con espacios ", "ñandú", "tab\tulado", "x" * 5_000], ids=len)
def test_a_secret_that_could_not_be_sent_is_refused(centre: Path, value: str) -> None:
    give_secret("la-de-antes")
    code, out = give_secret(value)
    assert code == 1
    assert "nothing was changed" in out
    assert not value or value.strip() not in out
    path = centre.parents[1] / "home" / "secrets.json"
    assert json.loads(path.read_text())["connectors"] == {"clave": "la-de-antes"}
    path.write_text(path.read_text().replace("la-de-antes", "a\\nX: y"))  # by hand
    code, out = run("connector", "check")
    assert code == 1
    assert "connectors.clave" in out


def test_what_is_described_is_listed(centre: Path) -> None:
    _, out = run("connector", "list", str(centre))
    assert "facturacion  saldo      look_up  contrato  saldo" in out
    _, out = run("connector", "list", str(centre), "--json")
    assert json.loads(out)["facturacion"]["operations"]["saldo"]["with"] == ["contrato"]


def test_one_is_tried_against_its_examples(centre: Path) -> None:
    attempt = ("connector", "try", "facturacion", "saldo", "--folder", str(centre), "--simulate")
    code, out = run(*attempt, "contrato=1001")
    assert code == 0
    assert "saldo: 7.25" in out
    code, out = run(*attempt, "contrato=5")
    assert (code, "No existe." in out) == (0, True)
    for wrong, told in (((), "contrato=…"), (("contrato=1", "x=2"), "contrato=…")):
        code, out = run(*attempt, *wrong)
        assert code == 1
        assert told in out


@pytest.mark.parametrize(
    ("name", "operation", "near"),
    [("facturasion", "saldo", "facturacion"), ("facturacion", "saldos", "saldo")],
)
def test_a_wrong_name_is_told_the_nearest(centre: Path, name: str, operation: str, near: str) -> None:
    code, out = run("connector", "try", name, operation, "contrato=1", "--folder", str(centre), "--simulate")
    assert code == 1
    assert f"did you mean: {near}" in out


def test_a_real_system_that_fails_is_told_with_what_to_do(centre: Path) -> None:
    code, out = run("connector", "try", "facturacion", "saldo", "contrato=1001")
    assert code == 1
    assert "no_secret" in out
    give_secret("s3creto-del-sistema")
    code, out = run("connector", "try", "facturacion", "saldo", "contrato=1001")
    assert code == 1
    assert "unreachable" in out
    assert "«base»" in out


async def test_a_real_system_that_answers(centre: Path) -> None:
    async with serving(says({"balance": 3})) as server:
        describe(centre, server.url)
        await asyncio.to_thread(run, "connector", "check")
        await asyncio.to_thread(give_secret, "s3creto-del-sistema")
        code, out = await asyncio.to_thread(run, "connector", "try", "facturacion", "saldo", "contrato=1001")
        assert code == 0, out
        assert "saldo: 3" in out
        assert server.seen[0].headers["Authorization"] == "Bearer s3creto-del-sistema"


def test_the_check_of_flows_knows_the_connectors(centre: Path) -> None:
    assert run("flow", "check", str(centre))[0] == 0
    (centre / "demo.yaml").write_text(FLOW.replace("debe: saldo", "debe: saldos"))
    code, out = run("flow", "check", str(centre))
    assert code == 1
    assert "demo.yaml:7:" in out
    assert "[unknown_result]" in out
    (centre / "connectors" / "facturacion.yaml").write_text("base: x\n")
    code, out = run("flow", "check", str(centre))
    assert code == 1
    assert "facturacion.yaml:1:" in out


async def test_the_simulator_runs_by_itself_and_says_where(centre: Path) -> None:
    command = (sys.executable, "-m", "contact_centre", "connector", "simulate", str(centre), "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            name, _, base = (await process.stdout.readline()).decode().split()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/saldo/1001") as answer:
                assert (answer.status, await answer.json()) == (200, {"balance": 7.25})
            async with session.get(f"{base}/saldo/1") as answer:
                assert answer.status == 404
            async with session.get(f"{base}/otra") as answer:
                assert answer.status == 501
        assert name == "facturacion:"
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130


async def test_a_centre_with_a_wrong_description_does_not_start_and_says_where(
    centre: Path, tmp_path: Path
) -> None:
    (centre / "connectors" / "facturacion.yaml").write_text("base: x\noperations: {a: {get: /a}}\n")
    instance = prepare(tmp_path / "home", flows_folder=str(tmp_path / "flows"))
    outcome = await instance.command("up", "--no-telephone", check=False)
    assert outcome.code != 0
    assert "facturacion.yaml:1:7: error:" in outcome.err


def test_a_folder_without_connectors_is_told(tmp_path: Path) -> None:
    code, out = run("connector", "check", str(tmp_path))
    assert code == 1
    assert "no_connectors" in out
