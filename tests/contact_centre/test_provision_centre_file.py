"""The centre file: the demo one is sound, and each mistake is told with file, line and remedy."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from ari_apps.caps import Tariff
from contact_centre.centre_file import Outbound
from contact_centre.centre_reading import ensure_centre_file, load_centre, require_flows
from contact_centre.settings import load_settings
from contact_centre.telephony import plan_of
from voice_core.errors import InvalidInputError
from voice_core.queue import OverflowWhen


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return ensure_centre_file(
        load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_TRUNK_HOST": "127.0.0.3"})
    )


def test_the_demo_organisation_is_sound(demo: Path) -> None:
    centre = load_centre(demo)
    assert centre.trunks[0].hosts == ("127.0.0.3",)
    assert centre.flow_of("101") == "demo"
    assert centre.flow_of("999") is None
    soporte = centre.queue_configs()["soporte"]
    assert [soporte.requirements[0].level_after(waited) for waited in (0, 30, 60)] == [5, 3, 1]
    assert soporte.overflow[0].when is OverflowWhen.NO_AGENTS
    assert demo.stat().st_mode & 0o077 == 0


def test_what_the_operator_wrote_is_never_overwritten(demo: Path, tmp_path: Path) -> None:
    demo.write_text(demo.read_text().replace("del Valle", "de la Sierra"))
    ensure_centre_file(load_settings({"CENTRALITA_HOME": str(tmp_path)}))
    assert "de la Sierra" in demo.read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ring_timeout_s: 15", "ring_timeout: 15", r"did you mean `ring_timeout_s`"),
        ("timezone: America/Guayaquil", "timezone: Guayaquil", r"no such time zone"),
        ("kind: ip", "kind: isdn", r"'ip' or 'register'"),
        ("kind: ip", "kind: register", r"needs username and password"),
        ("to_queue: facturacion", "to_queue: facturas", r"no queue 'facturas'"),
        ('number: "101"', 'number: "101&102"', r"not written as it must be"),
        ('number: "101"', 'number: "101\\n[from-trunk]"', r"not written as it must be"),
        ('number: "102"', 'number: "101"', r"'101' is there twice"),
        ('hosts: ["127.0.0.3"]', 'hosts: ["0.0.0.0;x"]', r"not written as it must be"),
        ("- name: soporte", "- name: ../soporte", r"not written as it must be"),
        ('{voicemail: "1", callback: "2"}', '{voicemail: "1", callback: "1"}', r"different keys"),
        ("queue: [ana, luis]\n      say: >-", "hear: >-", r"`hear` is not known here"),
        ("flows: demo", "flows: a/../../b", r"inside the flows folder"),
        (
            "\nnumbers:",
            '\n  - {name: otra, kind: ip, hosts: ["127.0.0.3"]}\nnumbers:',
            r"'127.0.0.3' is there twice",
        ),
        ("calls_a_minute: 60", "calls_a_minute: many", r"outbound\.caps\.calls_a_minute: .*integer"),
        ("calls_a_minute: 60", "calls_per_minute: 60", r"did you mean `calls_a_minute`"),
        (
            "minutes_a_call: 120",
            "minutes_a_call: 0",
            r"outbound\.caps\.minutes_a_call: .*greater than or equal to 1",
        ),
        ("minutes_a_day: 6000", "cost_a_day: 50", r"outbound: caps: .*add '09' under tariffs"),
        ("minutes_a_day: 6000", "cost_a_day: -1", r"outbound\.caps\.cost_a_day"),
        ("  max_concurrent: 10", '  tariffs: [{prefix: "09", price: cheap}]', r"outbound\.tariffs\.0\.price"),
        (
            "  max_concurrent: 10",
            '  tariffs: [{prefix: "09", price: 1}, {prefix: "09", price: 2}]',
            r"tariffs: '09' is there twice",
        ),
        ("organisation:", "organisation: [", r"not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(demo: Path, old: str, new: str, told: str) -> None:
    text = demo.read_text()
    assert old in text
    demo.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidInputError) as refusal:
        load_centre(demo)
    first = next(line for line in str(refusal.value).splitlines() if re.search(told, line))
    number = int(re.match(rf"{re.escape(str(demo))}:(\d+): ", first)[1])  # type: ignore[index]
    assert 1 <= number <= len(text.splitlines()) + 1


def test_lines_at_one_operator_are_told_apart_by_their_registration(demo: Path) -> None:
    account = "kind: register, username: a, password: b"
    lines = (
        f'\n  - {{name: norte, {account}, hosts: ["127.0.0.5", "127.0.0.6"]}}'
        f'\n  - {{name: sur, {account}, hosts: ["127.0.0.5", "127.0.0.3"]}}\nnumbers:'
    )
    demo.write_text(demo.read_text().replace("\nnumbers:", lines, 1))
    centre = load_centre(demo)
    told = {trunk.name: centre.told_by_address(trunk) for trunk in centre.trunks}
    assert told == {"demo": ("127.0.0.3",), "norte": ("127.0.0.6",), "sur": ()}


def test_the_line_is_the_right_one(demo: Path) -> None:
    text = demo.read_text().replace("wrap_up_s: 20", "wrap_up_s: never")
    demo.write_text(text)
    wrong = next(number for number, line in enumerate(text.splitlines(), 1) if "wrap_up_s: never" in line)
    with pytest.raises(InvalidInputError, match=rf"centre\.yaml:{wrong}: queues\.1\.wrap_up_s"):
        load_centre(demo)


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("0991234567", True),
        ("+593991234567", True),
        ("1900", False),
        ("09;x", False),
        ("+", False),
        ("", False),
        ("09/99", False),
    ],
)
def test_only_allowed_destinations_are_dialled(number: str, allowed: bool) -> None:
    assert Outbound(trunk="demo", allowed_destinations=("09", "+593")).allows(number) is allowed


def test_what_calls_out_may_cost_reaches_the_telephone(demo: Path) -> None:
    demo.write_text(
        demo.read_text()
        .replace("minutes_a_day: 6000", "cost_a_day: 50.5, cost_a_day_each: 10")
        .replace(
            "  max_concurrent: 10",
            '  max_concurrent: 7\n  tariffs: [{prefix: "0", price: 0.05}, {prefix: "+593", price: 0.2, minutes_a_day: 90}]',
        )
    )
    caps = plan_of(load_centre(demo)).outbound.caps
    assert (caps.cost_a_day, caps.cost_a_day_each, caps.at_once) == (Decimal("50.5"), Decimal(10), 7)
    assert caps.tariff("+593991") == Tariff("+593", Decimal("0.2"), 90)
    assert caps.always == {"911", "112"}


def test_the_caps_hold_where_nothing_is_written(demo: Path) -> None:
    text = "".join(line for line in demo.read_text().splitlines(True) if not line.startswith("  caps:"))
    demo.write_text(text)
    caps = plan_of(load_centre(demo)).outbound.caps
    assert (caps.calls_a_minute_each, caps.at_once_each, caps.longest_call_s) == (10, 3, 7200)
    assert (caps.minutes_a_day, caps.minutes_a_day_each) == (6000, 600)


def test_flows_that_are_not_there_are_told_with_their_lines(demo: Path) -> None:
    text = demo.read_text().replace("flow: demo", "flow: demmo", 1)
    demo.write_text(text.replace("to_queue: facturacion", "to_flow: noche", 1))
    with pytest.raises(InvalidInputError) as refusal:
        require_flows(demo, load_centre(demo), ["demo", "suministro"])
    number, overflow = str(refusal.value).splitlines()
    lines = demo.read_text().splitlines()
    assert lines[int(number.split(":")[1]) - 1].strip() == "flow: demmo"
    assert number.endswith("there is no flow 'demmo'; did you mean `demo`?")
    assert "to_flow: noche" in lines[int(overflow.split(":")[1]) - 1]
    assert overflow.endswith("write it as noche.yaml, or name one of demo, suministro")
