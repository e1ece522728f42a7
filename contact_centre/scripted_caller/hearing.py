"""What a caller hears: the received sound kept in order, and judgements about it.

Samples are int16 at 8 kHz throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
FRAME_SAMPLES = 160  # 20 ms
Samples = NDArray[np.int16]

_SILENCE_RMS = 60.0  # about -55 dBFS: below any prompt or music, above codec noise
_TONE_RMS = 150.0
_TONE_SHARE = 0.12  # of the window's power: three voices and music may share a bridge
_PURE_SHARE = 0.80
# Set between espeak-ng's voices (at least 0.21 and 0.045) and Asterisk's music (medians up to 0.13 and 0.044).
_SPEECH_PAUSES = 0.20
_SPEECH_CHANGES = 0.042


class Sound(StrEnum):
    """A judgement of about a second of sound."""

    SILENCE = "silence"
    TONE = "tone"
    SPEECH = "speech"
    MUSIC = "music"


@dataclass(slots=True)
class Ear:
    """Keeps what was received, up to `limit_s` seconds; older sound is forgotten."""

    limit_s: float = 600.0
    _chunks: list[Samples] | None = None
    _kept: int = 0
    _forgotten: int = 0

    @property
    def heard(self) -> int:
        """Samples received since the start, forgotten ones included: a position to pass to `since`."""
        return self._forgotten + self._kept

    def take(self, samples: Samples) -> None:
        if self._chunks is None:
            self._chunks = []
        self._chunks.append(samples)
        self._kept += len(samples)
        while self._kept > self.limit_s * SAMPLE_RATE:
            gone = self._chunks.pop(0)
            self._kept -= len(gone)
            self._forgotten += len(gone)

    def since(self, position: int) -> Samples:
        """Everything from `position` on that is still kept."""
        if not self._chunks:
            return np.zeros(0, dtype=np.int16)
        wanted = self.heard - max(position, self._forgotten)
        picked: list[Samples] = []
        for chunk in reversed(self._chunks):
            if wanted <= 0:
                break
            picked.append(chunk[-wanted:] if len(chunk) > wanted else chunk)
            wanted -= len(chunk)
        return np.concatenate(picked[::-1]) if picked else np.zeros(0, dtype=np.int16)

    def last(self, seconds: float) -> Samples:
        return self.since(self.heard - int(seconds * SAMPLE_RATE))


def rms(samples: Samples) -> float:
    """Loudness, 0 to 32767."""
    if not len(samples):
        return 0.0
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def tone_share(samples: Samples, frequency: float) -> float:
    """Which part (0 to 1) of the sound's power is at `frequency` (Hz) (Goertzel)."""
    if not len(samples):
        return 0.0
    wave = samples.astype(np.float64)
    power = float(np.mean(wave**2))
    if power == 0.0:
        return 0.0
    turn = np.exp(-2j * np.pi * frequency / SAMPLE_RATE * np.arange(len(wave)))
    amplitude = 2.0 * abs(complex(np.dot(wave, turn))) / len(wave)
    return min(1.0, amplitude**2 / 2.0 / power)


def has_tone(samples: Samples, frequency: float) -> bool:
    """True when `frequency` (Hz) is clearly in these samples, alone or beside other sounds."""
    share = tone_share(samples, frequency)
    return share >= _TONE_SHARE and rms(samples) * share**0.5 >= _TONE_RMS


def judge(samples: Samples) -> Sound:
    """Silence, tone, speech or music; wants a second or two of sound, and is a hint, not a proof.

    Speech stops between syllables and words, and its sounds change between hissed and voiced; music rarely does
    both. So: the share of 20 ms frames under half the mean loudness, and how much the zero crossings vary.
    """
    if rms(samples) < _SILENCE_RMS:
        return Sound.SILENCE
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples)))) ** 2
    peak = int(np.argmax(spectrum))
    if spectrum[max(0, peak - 3) : peak + 4].sum() >= _PURE_SHARE * spectrum.sum():
        return Sound.TONE
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    loudness = np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1))
    low = float(np.mean(loudness < 0.5 * loudness.mean()))
    loud = frames[loudness > 0.3 * loudness.mean()]
    crossings = np.mean(np.diff(np.sign(loud), axis=1) != 0, axis=1)
    is_speech = low > _SPEECH_PAUSES and float(np.std(crossings)) > _SPEECH_CHANGES
    return Sound.SPEECH if is_speech else Sound.MUSIC


def tone(frequency: float, seconds: float, loudness: float = 6000.0) -> Samples:
    """A pure tone; repeats without a click when frequency x seconds is whole."""
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(loudness * np.sin(2 * np.pi * frequency * at), dtype=np.int16)
