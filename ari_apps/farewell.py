"""A last sentence, then the line is closed: nobody is cut off without a word."""

from __future__ import annotations

import asyncio
import contextlib

from ari_apps.ari import AriError
from ari_apps.call import absorbed
from ari_apps.exchange import Exchange
from ari_apps.words import Words

LAST_WORDS_LIMIT_S = 15.0


async def part(exchange: Exchange, channel_id: str, words: Words, language: str) -> None:
    """Say `words` and hang up; whoever has gone meanwhile is left in peace."""
    channel = exchange.ari.channel(channel_id)
    await absorbed(channel.answer())
    media = await exchange.speech.media([words.in_language(language)])
    with contextlib.suppress(AriError, TimeoutError):
        playback = await channel.play(media)
        async with asyncio.timeout(LAST_WORDS_LIMIT_S):
            await playback.finished()
    await absorbed(channel.hangup())
