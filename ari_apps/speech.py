"""Prompts to media: texts are spoken by espeak-ng once and kept by content; recorded files are named.

Text reaches the synthesiser on its standard input, never through a shell, and never becomes a media URI.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import structlog

from ivr_flows.effects import Prompt

RATE_HZ = 8000
SYNTHESIS_TIMEOUT_S = 10.0
SYNTHESES_AT_ONCE = 2
TEXT_LIMIT = 2000
WORDS_PER_MINUTE = 155

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]*(/[A-Za-z0-9_][A-Za-z0-9_\-]*)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,4})?")

log = structlog.get_logger(__name__)


class Speech:
    """`folder` holds the spoken files. `voices` maps a language to a voice of espeak-ng.

    What cannot be spoken becomes a short tone, and `on_failure` is told why: a caller never meets silence.
    """

    def __init__(
        self,
        folder: Path,
        voice: str = "es-419",
        *,
        voices: dict[str, str] | None = None,
        prompts: Path | None = None,
        program: str = "espeak-ng",
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._voices = {"es": voice, "en": "en-us"} | (voices or {})
        self._default_voice = voice
        self._prompts = prompts
        self._program = program
        self._on_failure = on_failure
        self._running = asyncio.Semaphore(SYNTHESES_AT_ONCE)
        self._making: dict[Path, asyncio.Event] = {}

    async def media(self, prompts: Sequence[Prompt]) -> list[str]:
        """Media URIs in order, each a file that exists."""
        return [await self._one(prompt) for prompt in prompts if prompt.text or prompt.file]

    async def _one(self, prompt: Prompt) -> str:
        if prompt.file:
            return self._recorded(prompt.file)
        text = " ".join((prompt.text or "").split())[:TEXT_LIMIT]
        voice = self._voice(prompt.language)
        name = hashlib.sha256(f"{voice}\n{RATE_HZ}\n{text}".encode()).hexdigest()
        path = self._folder / f"{name}.wav"
        if not path.is_file():
            try:
                await self._make_once(path, text, voice)
            except (OSError, TimeoutError, ValueError) as error:
                return self._failed(f"{type(error).__name__}: {error}")
        return f"sound:{path.with_suffix('')}"

    def _recorded(self, file: str) -> str:
        """A prompt of the operator's folder, or of Asterisk's own sounds."""
        if not _FILE_NAME.fullmatch(file):
            return self._failed("a prompt's file name is not allowed")
        if self._prompts is not None and any(self._prompts.glob(f"{file}.*")):
            return f"sound:{self._prompts.absolute() / file}"
        return f"sound:{file}"

    def _voice(self, language: str) -> str:
        if not _LANGUAGE.fullmatch(language.lower()):
            return self._default_voice
        return self._voices.get(language) or self._voices.get(language[:2]) or language.lower()

    async def _make_once(self, path: Path, text: str, voice: str) -> None:
        """Many callers may want the same words at the same moment: one synthesis serves them all."""
        if (made := self._making.get(path)) is not None:
            await made.wait()
            if not path.is_file():
                raise OSError("the same words could not be spoken a moment ago")
            return
        made = self._making[path] = asyncio.Event()
        try:
            async with self._running:
                spoken = await self._synthesise(text, voice)
            await asyncio.to_thread(_store, path, spoken)
        finally:
            made.set()
            del self._making[path]

    async def _synthesise(self, text: str, voice: str) -> bytes:
        """espeak-ng's WAV. Raises OSError when it is missing or fails, TimeoutError."""
        process = await asyncio.create_subprocess_exec(
            self._program, "-v", voice, "-s", str(WORDS_PER_MINUTE), "-b", "1", "--stdin", "--stdout",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SYNTHESIS_TIMEOUT_S):
                spoken, complaint = await process.communicate(text.encode())
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0 or len(spoken) <= 44:
            raise OSError(f"{self._program} failed: {complaint.decode(errors='replace')[:200]}")
        return spoken

    def _failed(self, reason: str) -> str:
        log.error("speech_failed", reason=reason)
        if self._on_failure is not None:
            self._on_failure(reason)
        path = self._folder / "notice.wav"
        if not path.is_file():
            with contextlib.suppress(OSError):
                _write(path, _notice_tone())
        return f"sound:{path.with_suffix('')}" if path.is_file() else "sound:beep"


def _store(path: Path, spoken: bytes) -> None:
    """The synthesiser's WAV at the telephone's rate, put in place whole."""
    with wave.open(io.BytesIO(_with_true_length(spoken))) as source:
        rate = source.getframerate()
        frames = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2")
    samples = soxr.resample(frames.astype(np.float32), rate, RATE_HZ)
    _write(path, np.clip(samples, -32768, 32767).astype("<i2"))


def _with_true_length(spoken: bytes) -> bytes:
    """espeak-ng writes a stream: its header promises 2 GB, which readers would try to allocate."""
    data_size = len(spoken) - 44
    return (
        spoken[:4]
        + (data_size + 36).to_bytes(4, "little")
        + spoken[8:40]
        + data_size.to_bytes(4, "little")
        + spoken[44:]
    )


def _write(path: Path, samples: np.ndarray[Any, np.dtype[np.int16]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with wave.open(str(temporary), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(RATE_HZ)
            target.writeframes(samples.tobytes())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _notice_tone() -> np.ndarray[Any, np.dtype[np.int16]]:
    seconds = np.arange(int(0.4 * RATE_HZ)) / RATE_HZ
    return (8000 * np.sin(2 * np.pi * 440 * seconds)).astype("<i2")
