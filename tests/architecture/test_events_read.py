"""Asterisk sends the kinds of event that are read somewhere, and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ari_apps.ari.client import OWN_KINDS
from ari_apps.ari.connection import PROOF_KIND
from ari_apps.ari.events import KINDS
from ari_apps.ari.results import ENDS
from ari_apps.switchboard import READ

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("ari_apps", "recorder", "contact_centre", "digital_bridge", "voice_core", "ivr_flows")


def test_what_is_asked_for_is_what_is_read() -> None:
    sources = {path for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    read = {kind for path in sources for kind in _kinds_read(path)}
    assert read | {PROOF_KIND} == {kind.__name__ for kind in (*READ, *OWN_KINDS)}


def test_each_list_is_what_its_own_reader_reads() -> None:
    """Neither leans on the other's: what one stops reading is not sent for its sake any more."""
    for path, kinds in (("ari_apps/switchboard.py", READ), ("ari_apps/ari/results.py", ENDS)):
        assert set(_kinds_read(ROOT / path)) == {kind.__name__ for kind in kinds}, path


def _kinds_read(path: Path) -> Iterator[str]:
    """The events in its `case Kind(...)` and `isinstance(..., Kind)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.MatchClass):
            named: list[ast.AST] = [node.cls]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            named = list(ast.walk(node.args[1]))
        else:
            continue
        names = (getattr(each, "attr", getattr(each, "id", "")) for each in named)
        yield from (name for name in names if name in KINDS)
