"""The C library's memory, kept small: a large block goes back to the system when it is freed.

glibc, left alone, learns from the first large block it frees to keep all later ones, in each thread's own arena: 19 MB of a
password's hash for every thread that ever checked one (mallopt(3), M_MMAP_THRESHOLD). Another C library is left as it is.
"""

from __future__ import annotations

import ctypes

# mallopt's names and what each is set to; one that is set is not learned any more.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
LARGE_BYTES = 1024 * 1024  # above what asyncio reads at once (256 KiB), which is asked for with every message
# Freed at an arena's end and kept, so that it does not shrink and grow all the time.
SPARE_BYTES = 2 * LARGE_BYTES


def large_blocks_go_back() -> None:
    """For this process and its forks, from now on."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)
