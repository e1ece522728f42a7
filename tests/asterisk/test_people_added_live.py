"""A person added from the command line while the centre runs has an account and a telephone within seconds."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from contact_centre.scripted_caller.errors import RegistrationError
from tests.instance import Api, prepare, running

APPEARS_WITHIN_S = 15.0
LOOK_S = 0.3


@pytest.mark.slow
async def test_a_new_colleague_signs_in_and_registers_a_desk_phone() -> None:
    with tempfile.TemporaryDirectory(prefix="live-") as folder:
        async with running(prepare(Path(folder) / "home"), people=()) as centre:
            added = await centre.command("user", "add", "rosa", "--skill", "soporte=5", "--json")
            async with Api(centre, "rosa", added.json["password"]) as rosa:
                await rosa.until(
                    "/colleagues", lambda people: {"ana", "luis"} <= {each["id"] for each in people}
                )
                async with asyncio.timeout(APPEARS_WITHIN_S):
                    while True:
                        try:
                            async with centre.desk_phone("rosa"):
                                break
                        except RegistrationError:
                            await asyncio.sleep(LOOK_S)
                old = await centre.sip_secret("rosa")
                await centre.command("user", "phone", "rosa", "--new")
                centre.secrets.pop("rosa")
                async with asyncio.timeout(APPEARS_WITHIN_S):
                    while True:
                        try:
                            async with centre.desk_phone("rosa", old):
                                await asyncio.sleep(LOOK_S)
                        except RegistrationError:
                            break
                async with centre.desk_phone("rosa"):
                    pass
