"""Texts become sound once; what cannot be spoken becomes a tone, never silence."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from ari_apps.speech import RATE_HZ, Speech
from contact_centre.asterisk_installation import find_espeak
from ivr_flows.effects import Prompt

ESPEAK = find_espeak() or "espeak-ng"
needs_espeak = pytest.mark.usefixtures("espeak")


@pytest.fixture
def espeak() -> str:
    assert find_espeak(), "espeak-ng is missing: the bootstrap installs it"
    return ESPEAK


def _samples(uri: str) -> np.ndarray:
    with wave.open(uri.removeprefix("sound:") + ".wav") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE_HZ, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")


@needs_espeak
async def test_words_are_spoken_once(tmp_path: Path) -> None:
    speech = Speech(tmp_path, program=ESPEAK)
    prompts = [Prompt("Buenos días, señora Núñez."), Prompt("Good morning.", language="en")]
    first = await speech.media(prompts)
    assert len(set(first)) == 2
    for uri in first:
        samples = _samples(uri)
        assert 0.4 * RATE_HZ < len(samples) < 5 * RATE_HZ
        assert np.abs(samples).max() > 3000
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.wav")}
    assert await Speech(tmp_path, program=ESPEAK).media(prompts) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.wav")} == written
    assert not list(tmp_path.glob("*.tmp"))


@needs_espeak
async def test_many_callers_want_the_same_words_at_once(tmp_path: Path) -> None:
    speech = Speech(tmp_path, program=ESPEAK)
    said = await asyncio.gather(*(speech.media([Prompt("Usted es el número tres.")]) for _ in range(20)))
    assert len({uris[0] for uris in said}) == 1


@needs_espeak
@pytest.mark.parametrize(
    "text", ["; rm -rf /", "$(reboot)", "--help", "<speak>hola</speak>", "-f /etc/passwd"]
)
async def test_hostile_words_are_only_words(tmp_path: Path, text: str) -> None:
    (uri,) = await Speech(tmp_path, program=ESPEAK).media([Prompt(text)])
    assert len(_samples(uri)) > 0


@pytest.mark.parametrize("program", ["no-such-synthesiser", "false", "true"])
async def test_a_synthesiser_that_fails_is_a_tone_and_a_word(tmp_path: Path, program: str) -> None:
    told: list[str] = []
    speech = Speech(tmp_path, program=program, on_failure=told.append)
    (uri,) = await speech.media([Prompt("Hola")])
    assert uri == f"sound:{tmp_path / 'notice'}"
    assert np.abs(_samples(uri)).max() > 3000
    assert told


async def test_a_synthesiser_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr("ari_apps.speech.SYNTHESIS_TIMEOUT_S", 0.1)
    (uri,) = await Speech(tmp_path / "s", program=str(program)).media([Prompt("Hola")])
    assert uri.endswith("/notice")


@pytest.mark.parametrize(
    "file", ["../../etc/passwd", "/etc/passwd", "http://evil/x", "a b", "x&y", "", "a/../b"]
)
async def test_a_prompt_file_is_a_plain_name(tmp_path: Path, file: str) -> None:
    uris = await Speech(tmp_path, program=ESPEAK).media([Prompt(file=file)])
    assert all(uri == f"sound:{tmp_path / 'notice'}" for uri in uris)


async def test_the_operators_own_prompts_win(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "saludo.wav").touch()
    speech = Speech(tmp_path, prompts=prompts, program=ESPEAK)
    assert await speech.media([Prompt(file="saludo"), Prompt(file="beep")]) == [
        f"sound:{prompts / 'saludo'}",
        "sound:beep",
    ]
