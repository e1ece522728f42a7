"""Each notice has its sentence in both of the panel's languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("voice_core", "ari_apps", "recorder", "contact_centre")
_CODE = re.compile(r'(?:Notice\(|_alarm\(|code = )"([a-z_]+)"')


def codes() -> set[str]:
    """What the program may publish: `Notice("…")`, the recorder's `_alarm("…")`, a choice of two."""
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "Notice(" in text:
                found |= set(_CODE.findall(text)) | set(re.findall(r'code = "\w+" if .* else "(\w+)"', text))
    return found


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_notice_is_told_in_words(language: str) -> None:
    texts = (ROOT / "panel" / "src" / "i18n" / f"{language}.ts").read_text(encoding="utf-8")
    block = texts.split("  notice: {", 1)[1].split("\n  },", 1)[0]
    told = set(re.findall(r"^    (\w+):", block, re.MULTILINE))
    assert {"recording_failed", "disk_refuses", "disk_refuses_recordings"} <= codes()
    assert codes() <= told
