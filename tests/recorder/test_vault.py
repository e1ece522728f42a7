"""The vault: WAV around raw frames, hashes, dated folders, refusals that lose nothing."""

from __future__ import annotations

import asyncio
import hashlib
import stat
import wave
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recorder.errors import VaultError
from recorder.peaks import peaks
from recorder.vault import Source, Vault

DAY = datetime(2026, 11, 22, 3, 4, tzinfo=UTC)


def stereo(left: int, right: int, frames: int) -> bytes:
    return np.tile(np.array([left, right], dtype="<i2"), frames).tobytes()


async def test_keeps_a_wav_that_any_player_reads(tmp_path: Path) -> None:
    raw = tmp_path / "1.2.raw"
    raw.write_bytes(stereo(1000, -2000, 8000))
    kept = await Vault(tmp_path / "vault").keep(Source(raw), "01j.r1", DAY)
    path = tmp_path / "vault" / kept.path
    assert kept.path == "2026/11/22/01j.r1.wav"
    assert (kept.frames, kept.length_s, kept.cut_off) == (8000, 1.0, False)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth(), file.getnframes()) == (
            2,
            8000,
            2,
            8000,
        )
        assert file.readframes(1) == stereo(1000, -2000, 1)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not raw.exists()


async def test_says_that_a_file_was_cut_off_in_a_frame(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(stereo(1, 2, 10) + b"\x01")
    kept = await Vault(tmp_path / "vault").keep(Source(raw), "cut", DAY)
    assert (kept.frames, kept.cut_off) == (10, True)


async def test_waits_for_the_writer_to_close(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    with raw.open("wb") as writer:
        keeping = asyncio.create_task(Vault(tmp_path / "vault").keep(Source(raw), "late", DAY))
        done, _ = await asyncio.wait({keeping}, timeout=0.2)
        assert not done
        writer.write(stereo(5, 6, 100))
    assert (await keeping).frames == 100


@pytest.mark.parametrize("name", ["../up", "a/b", "a\0b", "${x}", "a&b", "", "a\nb", "." * 3, "x" * 200])
async def test_refuses_hostile_names(tmp_path: Path, name: str) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(stereo(1, 2, 10))
    with pytest.raises(VaultError):
        await Vault(tmp_path / "vault").keep(Source(raw), name, DAY)
    assert raw.exists()


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "2026/../../x"])
def test_refuses_paths_that_lead_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(VaultError):
        Vault(tmp_path / "vault").path(path)


async def test_a_refusing_disk_leaves_the_raw_file_and_no_half_file(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(stereo(1, 2, 10))
    (tmp_path / "vault").write_text("a file where the folder should be")
    with pytest.raises(VaultError, match="could not be stored"):
        await Vault(tmp_path / "vault").keep(Source(raw), "x", DAY)
    assert raw.read_bytes() == stereo(1, 2, 10)


async def test_notices_a_changed_byte(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(stereo(1, 2, 10))
    vault = Vault(tmp_path / "vault")
    kept = await vault.keep(Source(raw), "x", DAY)
    assert await vault.intact(kept.path, kept.sha256)
    path = vault.path(kept.path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x99")
    assert not await vault.intact(kept.path, kept.sha256)


async def test_peaks_show_each_side(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(stereo(16384, 0, 800) + stereo(0, -32768, 800))
    vault = Vault(tmp_path / "vault")
    kept = await vault.keep(Source(raw), "x", DAY)
    assert peaks(vault.path(kept.path), 2) == [[0.5, 0.0], [0.0, 1.0]]


async def test_peaks_of_an_empty_recording_are_flat(tmp_path: Path) -> None:
    raw = tmp_path / "1.raw"
    raw.write_bytes(b"")
    vault = Vault(tmp_path / "vault")
    kept = await vault.keep(Source(raw), "x", DAY)
    assert peaks(vault.path(kept.path), 3) == [[0.0] * 3, [0.0] * 3]
