"""Recordings as a supervisor downloads them, and what is heard in them."""

from __future__ import annotations

import io
import wave

import numpy as np

from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Samples, has_tone
from tests.instance import Api
from tests.people import Record


async def stereo(supervisor: Api, contact_id: str) -> tuple[Samples, Samples]:
    """The recording's two channels at 8 kHz: what the customer said, what the customer heard."""
    record = await supervisor.until(f"/calls/{contact_id}", _all_stored, timeout_s=15)
    raw = await supervisor.get(f"/recordings/{record['recordings'][0]['id']}/audio")
    with wave.open(io.BytesIO(raw)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        step = file.getframerate() // SAMPLE_RATE
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)[::step]
    return both[:, 0].astype(np.int16), both[:, 1].astype(np.int16)


def heard_for(samples: Samples, frequency: float) -> float:
    """For how many seconds in all. Music may hold a note of any frequency for a moment: ask for more than 0.5."""
    window = SAMPLE_RATE // 10
    starts = range(0, len(samples) - window, window)
    return sum(has_tone(samples[start : start + window], frequency) for start in starts) / 10


def longest_zero_s(samples: Samples) -> float:
    """The longest stretch of digital silence, in seconds."""
    sounding = np.flatnonzero(np.concatenate(([1], np.abs(samples) > 8, [1])))
    return float(np.diff(sounding).max() - 1) / SAMPLE_RATE


def _all_stored(record: Record) -> bool:
    recordings = record["recordings"]
    return bool(recordings) and all(each["state"] == "stored" for each in recordings)
