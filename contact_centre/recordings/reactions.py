"""What becomes known of a call after it was recorded, noted on its recordings too."""

from __future__ import annotations

import structlog

from recorder.recording import Recorder
from voice_core.interaction import Stage
from voice_core.news import Lagged, LocalNews

RECORDED = ("voice", "task")  # calls, and messages left by callers

log = structlog.get_logger(__name__)


async def describe_closed(news: LocalNews, recorder: Recorder) -> None:
    """Copy result and reason of each closed call or message onto its recordings, until cancelled."""
    async with news.subscribe() as changes:
        async for change in changes:
            if isinstance(change, Lagged):
                log.warning("recordings_lagged", lost=change.lost)
                continue
            for row in change.interactions:
                if row.stage is Stage.CLOSED and row.channel in RECORDED:
                    try:
                        await recorder.describe(row)
                    except Exception:  # one row less described must not end the centre
                        log.exception("recording_not_described", interaction=row.id)
