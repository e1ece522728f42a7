"""Fault 33 in centre.yaml: whatever is written anywhere in it is refused, or reaches none of Asterisk's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from ari_apps.speech import Speech
from contact_centre.asterisk_installation import Installation, find_espeak
from contact_centre.asterisk_modules import MODULES
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import ensure_centre_file
from contact_centre.provision import AgentPhone, provision
from contact_centre.secrets_file import load_secrets
from contact_centre.settings import Settings, load_settings

MARK = "evilmark"
HOSTILE = [
    f"x\n[{MARK}]\ntype = endpoint",
    f"101,1,System({MARK})",
    f"x;{MARK}",
    f"${{SHELL({MARK})}}",
    f"../../{MARK}",
    f"a&PJSIP/{MARK}",
    f"x\r\nX-{MARK}: 1",
    f"x\0{MARK}",
    f"{{{{ {MARK} }}}}",
    f"#include {MARK}",
]
# Beside what the demonstration has: every other word an operator may write.
MORE = """
  - name: norte
    kind: register
    hosts: ["203.0.113.7"]
    username: cuenta
    password: clave-del-operador
    outbound_proxy: 203.0.113.8
    number: "101"
numbers:"""

Place = tuple[str | int, ...]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"CENTRALITA_HOME": str(tmp_path / "home")})


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in MODULES:
        (modules / f"{name}.so").touch()
    return Installation(tmp_path / "asterisk", (22, 10, 1), modules, tmp_path / "data")


def words_in(part: Any, place: Place = ()) -> Iterator[Place]:
    """Where the file holds a word, at any depth."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from words_in(value, (*place, name))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from words_in(value, (*place, number))
    elif isinstance(part, str):
        yield place


def put(part: Any, place: Place, word: str) -> None:
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = word


def written(settings: Settings) -> dict[str, Any]:
    text = ensure_centre_file(settings).read_text().replace("\nnumbers:", MORE, 1)
    return dict(YAML(typ="safe").load(StringIO(text)))


async def rendered(settings: Settings, installation: Installation, centre: Centre) -> str:
    phones = [AgentPhone(user, "browser-password-1", "desk-phone-password-1") for user in ("ana", "luis")]
    speech = Speech(settings.asterisk_home / "sounds", program=find_espeak() or "espeak-ng")
    await provision(settings, load_secrets(settings.home), centre, phones, installation, speech)
    etc = settings.asterisk_home / "etc"
    return "\n".join(f"{path.name}\n{path.read_text()}" for path in sorted(etc.iterdir()))


async def test_no_word_of_it_breaks_into_asterisks_files(
    settings: Settings, installation: Installation
) -> None:
    read = written(settings)
    places = list(words_in(read))
    assert ("trunks", 1, "password") in places
    assert len(places) > 40
    for word in HOSTILE:
        taken = [place for place in places if centre_with(read, [place], word) is not None]
        assert 0 < len(taken) < len(places) / 2, "names are refused, texts are taken: both were met"
        centre = centre_with(read, taken, word)
        assert centre is not None
        assert MARK not in await rendered(settings, installation, centre), word


async def test_the_look_into_the_files_finds_what_is_there(
    settings: Settings, installation: Installation
) -> None:
    centre = centre_with(written(settings), [("trunks", 1, "password")], MARK)
    assert centre is not None
    assert MARK in await rendered(settings, installation, centre)


def centre_with(read: dict[str, Any], places: Sequence[Place], word: str) -> Centre | None:
    """The same centre with another word there; None when it is refused."""
    changed = deepcopy(read)
    for place in places:
        put(changed, place, word)
    try:
        return Centre.model_validate(changed)
    except ValidationError:
        return None
