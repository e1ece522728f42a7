"""What the web does with hostile paths, bodies and files (faults 28, 33, 34)."""

from __future__ import annotations

import pytest
from yarl import URL

from contact_centre.web.endpoint import BODY_LIMIT_BYTES
from tests.contact_centre.house import CentreHouse


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fpasswd", "a%00b", "a%0d%0aX: y", "${EXTEN}", "a&b", "-a", "x" * 97]
)
async def test_hostile_ids_exist_nowhere(house: CentreHouse, name: str) -> None:
    async with house.client("sofia") as sofia:
        for path in (f"/recordings/{name}/audio", f"/calls/{name}", f"/contacts/{name}"):
            status, answer = await sofia.ask("GET", path)
            assert status in (400, 404), (path, answer)


@pytest.mark.parametrize(
    "path", ["/../secrets.json", "/..%2fsecrets.json", "/assets/..%2f..%2fsecrets.json", "/%2fetc/passwd"]
)
async def test_files_outside_the_panel_are_never_served(house: CentreHouse, path: str) -> None:
    panel = house.parts.panel
    (panel / "assets").mkdir(parents=True)
    (panel / "index.html").write_text("<p>panel</p>")
    (panel / "assets" / "app-1234.js").write_text("1")
    (panel.parent / "secrets.json").write_text("SECRET")
    (panel / "assets" / "link").symlink_to(panel.parent / "secrets.json")
    async with house.client() as nobody:
        base = str(house.server.make_url("/")).rstrip("/")
        for target in (path, "/assets/link"):
            async with nobody.http.get(_exact(base + target)) as answer:
                assert "SECRET" not in await answer.text()
        async with nobody.http.get(base + "/assets/app-1234.js") as answer:
            assert (answer.status, await answer.text()) == (200, "1")
            assert "immutable" in answer.headers["Cache-Control"]
        async with nobody.http.get(base + "/supervisor/live") as answer:
            assert await answer.text() == "<p>panel</p>"
            assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-cache"


async def test_an_unbuilt_panel_says_what_to_do(house: CentreHouse) -> None:
    async with house.client() as nobody, nobody.http.get(house.server.make_url("/")) as answer:
        assert answer.status == 503
        assert "make run" in await answer.text()


async def test_bodies_are_bounded_typed_and_strict(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        assert (await ana.ask("PUT", "/me/state", {"state": "x" * BODY_LIMIT_BYTES}))[0] == 413
        assert (await ana.ask("PUT", "/me/state", {"state": "available", "extra": 1}))[0] == 422
        assert (await ana.ask("PUT", "/me/state", ["available"]))[0] == 422
        deep = "[" * 5000
        url = house.server.make_url("/api/v1/me/state")
        headers = {"Content-Type": "application/json", "X-CSRF-Token": ana.csrf}
        for body in (b"", b"{", b"\xff\xfe", deep.encode(), b'{"state":"available"}x'):
            async with ana.http.put(url, data=body, headers=headers) as answer:
                assert answer.status == 422, body[:20]


async def test_a_refused_body_is_not_echoed(house: CentreHouse) -> None:
    async with house.client() as nobody:
        body = {"username": "ana", "password": ["clave-secreta"]}
        status, answer = await nobody.ask("POST", "/session", body)
        assert status == 422
        assert "clave-secreta" not in str(answer)
        assert answer["error"]["data"]["problems"] == [{"field": "password", "problem": "string_type"}]


async def test_names_with_markup_come_back_as_plain_json(house: CentreHouse) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    async with house.client("ana") as ana:
        status, answer = await ana.ask("POST", "/contacts", {"name": hostile, "numbers": ["0991234567"]})
        assert (status, answer["name"]) == (200, hostile)
        async with ana.raw("GET", f"/contacts/{answer['id']}") as shown:
            assert shown.content_type == "application/json"
            assert shown.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_query_given_twice_or_unknown_is_refused(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia:
        for query in ("agent=ana&agent=luis", "surprise=1", "page=0", "page_size=100000", "from=ayer"):
            assert (await sofia.ask("GET", f"/calls?{query}"))[0] == 422, query


async def test_metrics_name_no_person(house: CentreHouse) -> None:
    await house.talking("ana", "0991234567")
    async with house.client() as nobody, nobody.http.get(house.server.make_url("/metrics")) as answer:
        text = await answer.text()
    assert 'centralita_interactions{channel="voice",stage="talking"} 1.0' in text
    assert "0991234567" not in text
    assert "ana" not in text.replace("manager", "")


def _exact(url: str) -> URL:
    return URL(url, encoded=True)
