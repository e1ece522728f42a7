"""Faults 29 and 35: who may hear what, each hearing is in the audit log, and nobody hears without it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from contact_centre.web.endpoint import COOKIE
from tests.contact_centre.house import PASSWORD, ROLES, CentreHouse
from voice_core.agent import AgentState
from voice_core.interaction import Interaction, Stage

MAY_HEAR = {"sofia", "marta", "admin"}
ACTIONS = {"": "recording.play", "?download=1": "recording.download"}


@pytest.fixture
async def message(house: CentreHouse) -> Interaction:
    """A voicemail whose task luis took."""
    row = await house.message_left()
    await house.desk.set_state("luis", AgentState.AVAILABLE, actor="luis")
    row = await house.desk.enqueue(row.id, "soporte", only_agent="luis")
    while row.stage is not Stage.OFFERED:
        row = await house.desk.changed(row.id, row.version)
    return await house.desk.accept(f"{row.id}.o{row.offers}")


async def heard(house: CentreHouse) -> list[tuple[str, str, str]]:
    """Who heard what, oldest first, as the audit log has it."""
    entries, _ = await house.parts.audit.page(1, 500)
    mine = [each for each in entries if each.action.split(".")[0] in ("recording", "voicemail")]
    return [(each.actor, each.action, each.target) for each in reversed(mine)]


async def test_each_role_hears_what_it_may_and_each_hearing_is_noted(house: CentreHouse) -> None:
    recording = await house.recorded((await house.talking("luis")).id)
    expected: list[tuple[str, str, str]] = []
    for username in ROLES:
        async with house.client(username) as person:
            for query, action in ACTIONS.items():
                async with person.raw("GET", f"/recordings/{recording}/audio{query}") as answer:
                    body = await answer.read()
                    assert (answer.status == 200) is (username in MAY_HEAR), (username, answer.status)
                    assert body.startswith(b"RIFF") is (username in MAY_HEAR), username
                if username in MAY_HEAR:
                    expected.append((username, action, recording))
            for path in (f"/recordings/{recording}", f"/recordings/{recording}/peaks", "/recordings"):
                status, told = await person.ask("GET", path)
                assert status == (200 if username in MAY_HEAR else 403), (username, path)
                assert (recording in str(told)) is (username in MAY_HEAR and "peaks" not in path)
    assert await heard(house) == expected


async def test_a_part_of_the_sound_is_a_hearing_too(house: CentreHouse) -> None:
    recording = await house.recorded((await house.talking("luis")).id)
    path = f"/recordings/{recording}/audio"
    async with house.client("marta") as marta, marta.raw("GET", path, Range="bytes=100-199") as answer:
        assert (answer.status, len(await answer.read())) == (206, 100)
    assert await heard(house) == [("marta", "recording.play", recording)]


async def test_a_call_shows_its_recordings_only_to_who_may_hear_them(house: CentreHouse) -> None:
    row = await house.talking("luis")
    recording = await house.recorded(row.id)
    for username in ROLES:
        async with house.client(username) as person:
            status, told = await person.ask("GET", f"/calls/{row.id}")
            assert status == (200 if username in MAY_HEAR | {"luis"} else 403 if username == "diego" else 404)
            assert ([each["id"] for each in told.get("recordings", [])] == [recording]) is (
                username in MAY_HEAR
            )


async def test_a_message_is_heard_by_whose_task_it_is(house: CentreHouse, message: Interaction) -> None:
    for username in ROLES:
        async with (
            house.client(username) as person,
            person.raw("GET", f"/calls/{message.id}/voicemail") as answer,
        ):
            body = await answer.read()
            assert (answer.status == 200) is (username == "luis"), (username, answer.status)
            assert body.startswith(b"RIFF") is (username == "luis")
    recordings = await house.recorder.of(message.id)
    assert await heard(house) == [("luis", "voicemail.play", recordings[0].id)]


async def test_what_cannot_be_noted_is_not_heard(house: CentreHouse) -> None:
    recording = await house.recorded((await house.talking("luis")).id)
    async with house.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    async with house.client() as nobody:
        nobody.csrf = ""
        # who is signed in already: signing in is noted too
        cookie = await _session_of(house, "marta")
        async with nobody.raw("GET", f"/recordings/{recording}/audio", Cookie=cookie) as answer:
            assert answer.status >= 500
            assert not (await answer.read()).startswith(b"RIFF")
    async with house.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))
    async with (
        house.client() as nobody,
        nobody.raw("GET", f"/recordings/{recording}/audio", Cookie=cookie) as answer,
    ):
        assert answer.status == 200  # the same session, once it can be noted


async def _session_of(house: CentreHouse, username: str) -> str:
    token, _ = await house.access.sign_in(username, PASSWORD, "127.0.0.1")
    return f"{COOKIE}={token}"
