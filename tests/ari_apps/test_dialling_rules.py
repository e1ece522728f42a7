"""Where the centre may dial (fault 26), and what becomes a dial string or a caller id (fault 33)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_apps.plan import OutboundRules
from ari_apps.presenter import caller_id
from voice_core.errors import InvalidInputError, NotAllowedError
from voice_core.interaction import Direction, Interaction, Stage

RULES = OutboundRules("trunk-demo", ("09", "02", "+593"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CONTACT = Interaction(
    "i", "voice", Direction.INBOUND, Stage.FLOW, "+593991112223", "101", NOW, NOW, contact_name="Rosa Paz"
)


@pytest.mark.parametrize(
    ("written", "dialled"),
    [("0991234567", "0991234567"), (" 09 912-345.67 ", "0991234567"), ("+593 (2) 2345678", "+59322345678")],
)
def test_allowed_numbers_are_cleaned(written: str, dialled: str) -> None:
    assert RULES.check(written) == dialled


@pytest.mark.parametrize("number", ["0012025550100", "+12025550100", "1800", "5939911"])
def test_other_numbers_are_not_dialled(number: str) -> None:
    with pytest.raises(NotAllowedError):
        RULES.check(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0",
        "09a",
        "09;x",
        "09@evil",
        "09&PJSIP/x",
        "09${EXTEN}",
        "09\r\n91",
        "09\x00",
        "٠٩٩١٢٣٤",
        "0" * 40,
    ],
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidInputError):
        RULES.check(number)


@given(st.text())
def test_whatever_is_dialled_is_digits_after_an_allowed_prefix(number: str) -> None:
    try:
        dialled = RULES.check(number)
    except (InvalidInputError, NotAllowedError):
        return
    assert dialled.lstrip("+").isascii()
    assert dialled.lstrip("+").isdigit()
    assert dialled.startswith(RULES.allowed_prefixes)


def test_without_a_trunk_or_with_an_empty_prefix_nothing_goes_out() -> None:
    assert not OutboundRules("", ("09",)).allows("0991234567")
    assert not OutboundRules("trunk-demo", ("",)).allows("0991234567")


@given(st.text(), st.text())
def test_a_caller_id_cannot_break_out_of_its_quotes(name: str, number: str) -> None:
    shown = caller_id(replace(CONTACT, contact_name=name, from_address=number))
    quoted, _, rest = shown[1:].partition('"')
    assert not set(quoted) & set('"<>\\\r\n;&$')
    assert rest.startswith(" <")
    assert rest.endswith(">")
    assert set(rest[2:-1]) <= set("0123456789+")


def test_the_agent_sees_who_calls() -> None:
    assert caller_id(CONTACT) == '"Rosa Paz" <+593991112223>'
    assert caller_id(replace(CONTACT, contact_name="")) == '"+593991112223" <+593991112223>'
    outgoing = replace(CONTACT, direction=Direction.OUTBOUND, to_address="0991234567")
    assert caller_id(outgoing) == '"Rosa Paz" <0991234567>'


def test_one_place_alone_makes_the_way_out() -> None:
    """Whoever dials past the caps would have to write a trunk's name somewhere else."""
    root = Path(__file__).resolve().parents[2]
    rooms = ("ari_apps", "recorder", "contact_centre", "ivr_flows", "voice_core")
    sources = [path for room in rooms for path in (root / room).rglob("*.py")]
    makes = [
        path
        for path in sources
        if re.search(r"PJSIP/\{[^}]*\}@(?!node-)|rules\.trunk|outbound\.trunk", path.read_text())
    ]
    reads_the_file = root / "contact_centre" / "centre_file.py"  # the trunk it names must exist
    assert set(makes) == {root / "ari_apps" / "lines.py", reads_the_file}
