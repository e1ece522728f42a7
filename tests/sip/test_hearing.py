"""Hearing is arithmetic: judged on sounds made here."""

from __future__ import annotations

import numpy as np
import pytest

from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Ear, Sound, has_tone, judge, tone, tone_share

NOISE = np.random.default_rng(7)


def test_a_pure_tone_is_all_at_its_frequency() -> None:
    assert tone_share(tone(440, 0.2), 440) > 0.99
    assert tone_share(tone(440, 0.2), 620) < 0.01


@pytest.mark.parametrize("frequency", [440, 620, 850])
def test_each_of_three_mixed_tones_is_found(frequency: float) -> None:
    mixed = (tone(440, 0.2, 3000) + tone(620, 0.2, 3000) + tone(850, 0.2, 3000)).astype(np.int16)
    assert has_tone(mixed, frequency)
    assert not has_tone(mixed, 1200)


def test_noise_holds_no_tone() -> None:
    noise = NOISE.normal(0, 3000, SAMPLE_RATE // 5).astype(np.int16)
    assert not any(has_tone(noise, frequency) for frequency in (440, 620, 850, 1200))


def test_silence_is_silence() -> None:
    assert judge(np.zeros(SAMPLE_RATE, dtype=np.int16)) is Sound.SILENCE
    assert judge(tone(440, 1)) is Sound.TONE


def test_an_ear_keeps_its_place_when_it_forgets() -> None:
    ear = Ear(limit_s=1.0)
    for _ in range(100):
        ear.take(np.full(160, 5, dtype=np.int16))
    ear.take(np.full(160, 9, dtype=np.int16))
    assert ear.heard == 101 * 160
    assert list(ear.since(100 * 160)) == [9] * 160
    assert len(ear.since(0)) == SAMPLE_RATE
    assert len(ear.last(0.01)) == 80
