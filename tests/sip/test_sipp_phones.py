"""SIPp's phones against a real Asterisk, heard by our scripted caller: two stacks that check each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from contact_centre.scripted_caller import Line
from tests.sip.asterisk_box import PASSWORD, Box
from tests.sip.sipp import answering_phones

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


async def test_a_bank_of_phones_answers_echoes_and_hangs_up(box: Box, tmp_path: Path) -> None:
    phones = answering_phones(box.server, {"uno": PASSWORD, "dos": PASSWORD}, tmp_path, talk_s=2.0)
    async with phones, Line("127.0.0.2", server=box.server) as line:
        call = await line.call("605")
        await call.answered()
        call.play_tone(620)
        await call.hears(620)
        await call.hung_up(timeout_s=6)
        assert call.ended_by_them


async def test_the_caller_may_hang_up_first(box: Box, tmp_path: Path) -> None:
    phones = answering_phones(box.server, {"uno": PASSWORD}, tmp_path, talk_s=30.0)
    async with phones, Line("127.0.0.2", server=box.server) as line:
        for _ in range(2):
            call = await line.call("605")
            await call.answered()
            call.hang_up()
            await call.hung_up()
