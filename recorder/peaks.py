"""The outline of a recording, for players that draw it without fetching all of it."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path

import numpy as np

from recorder.vault import HEADER_BYTES


def peaks(wav: Path, points: int) -> list[list[float]]:
    """Per channel (caller, heard) `points` values between 0 and 1: the loudest sample of each stretch.

    The file is mapped, not read: a recording of hours costs no memory of its own.
    """
    with wave.open(str(wav)) as header:
        channels, length = header.getnchannels(), header.getnframes()
    if length == 0:
        return [[0.0] * points for _ in range(channels)]
    frames = np.memmap(wav, dtype="<i2", mode="r", offset=HEADER_BYTES, shape=(length, channels))
    bounds = np.linspace(0, length, points + 1).astype(int)
    loudest = [
        np.abs(frames[start : max(end, start + 1)].astype(np.int32)).max(axis=0) / 32768
        for start, end in pairwise(bounds)
    ]
    return [[round(float(point[channel]), 4) for point in loudest] for channel in range(channels)]
