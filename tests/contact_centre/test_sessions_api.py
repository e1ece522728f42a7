"""Signing in and out over real HTTP."""

from __future__ import annotations

from contact_centre.access.service import SESSION_LIFE, UserChanges
from contact_centre.access.throttle import PAIR_LIMIT, WINDOW
from tests.contact_centre.house import PASSWORD, CentreHouse


async def test_a_person_signs_in_and_out(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        me = await ana.get("/session")
        assert me["user"]["username"] == "ana"
        assert me["user"]["roles"] == ["agent"]
        assert me["csrf"] == ana.csrf
        assert await ana.ask("DELETE", "/session") == (204, b"")
        status, answer = await ana.ask("GET", "/session")
        assert (status, answer["error"]["code"]) == (401, "not_signed_in")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: CentreHouse) -> None:
    async with house.client() as nobody:
        async with nobody.raw("POST", "/session", {"username": "ana", "password": PASSWORD}) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/" in cookie


async def test_wrong_passwords_are_refused_alike_for_known_and_unknown_names(house: CentreHouse) -> None:
    async with house.client() as nobody:
        known = await nobody.ask("POST", "/session", {"username": "ana", "password": "no-es-esta-clave"})
        unknown = await nobody.ask("POST", "/session", {"username": "nadie", "password": "no-es-esta-clave"})
        assert known == unknown
        assert known[0] == 401
        assert known[1]["error"]["message"] == "El usuario o la contraseña no son correctos."
        english = await nobody.ask(
            "POST", "/session", {"username": "ana", "password": "x"}, **{"Accept-Language": "en-GB,en;q=0.9"}
        )
        assert english[1]["error"]["message"] == "The user name or the password is wrong."


async def test_guessing_is_slowed_down_for_that_user_only(house: CentreHouse) -> None:
    async with house.client() as nobody:
        for _ in range(PAIR_LIMIT):
            assert (await nobody.ask("POST", "/session", {"username": "ana", "password": "x"}))[0] == 401
        async with nobody.raw("POST", "/session", {"username": "ana", "password": PASSWORD}) as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
        assert (await nobody.ask("POST", "/session", {"username": "luis", "password": PASSWORD}))[0] == 200
        house.clock.advance(WINDOW.total_seconds())
        assert (await nobody.ask("POST", "/session", {"username": "ana", "password": PASSWORD}))[0] == 200


async def test_a_whole_office_signs_in_from_one_address(house: CentreHouse) -> None:
    async with house.client() as nobody:
        for _ in range(40):
            assert (await nobody.ask("POST", "/session", {"username": "ana", "password": PASSWORD}))[0] == 200


async def test_a_session_ends_with_its_time_and_with_a_new_password(house: CentreHouse) -> None:
    async with house.client("ana") as ana, house.client("luis") as luis:
        await house.access.change("luis", UserChanges(password="otra-clave-distinta"))
        assert (await luis.ask("GET", "/session"))[0] == 401
        assert (await ana.ask("GET", "/session"))[0] == 200
        house.clock.advance(SESSION_LIFE.total_seconds())
        assert (await ana.ask("GET", "/session"))[0] == 401


async def test_a_user_switched_off_is_out_at_once(house: CentreHouse) -> None:
    async with house.client("ana") as ana, house.client("admin") as admin:
        status, answer = await admin.ask("PATCH", "/users/ana", {"active": False})
        assert (status, answer["user"]["active"]) == (200, False)
        assert (await ana.ask("GET", "/session"))[0] == 401
        status, _ = await ana.ask("POST", "/session", {"username": "ana", "password": PASSWORD})
        assert status == 401


async def test_changes_need_the_csrf_token(house: CentreHouse) -> None:
    async with house.client("ana") as ana, house.client("luis") as luis:
        body = {"state": "available"}
        for token in ("", "x", luis.csrf):
            status, answer = await ana.ask("PUT", "/me/state", body, **{"X-CSRF-Token": token})
            assert (status, answer["error"]["code"]) == (403, "forged_request")
        assert (await ana.ask("PUT", "/me/state", body))[0] == 200


async def test_foreign_origins_hosts_and_forms_are_refused(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        body = {"state": "available"}
        status, answer = await ana.ask("PUT", "/me/state", body, Origin="https://evil.example")
        assert (status, answer["error"]["code"]) == (403, "forged_request")
        status, answer = await ana.ask("GET", "/session", Host="evil.example")
        assert (status, answer["error"]["code"]) == (421, "wrong_host")
        url = house.server.make_url("/api/v1/session")
        async with ana.http.post(url, data={"username": "ana", "password": PASSWORD}) as answer:
            assert answer.status == 415


async def test_an_admin_adds_a_person_who_can_then_sign_in(house: CentreHouse) -> None:
    async with house.client("admin") as admin, house.client() as nobody:
        new = {"username": "rosa", "name": "Rosa Paz", "roles": ["agent"], "skills": {"soporte": 4}}
        status, answer = await admin.ask("POST", "/users", new)
        assert status == 200
        signed_in = await nobody.ask("POST", "/session", {"username": "rosa", "password": answer["password"]})
        assert signed_in[0] == 200
        assert (await admin.ask("POST", "/users", new))[0] == 409
        assert (await admin.ask("POST", "/users", new | {"username": "x", "password": "corta"}))[0] == 422
        weak = await admin.ask("POST", "/users", new | {"username": "juan", "password": "corta"})
        assert (weak[0], weak[1]["error"]["code"]) == (422, "weak_password")


async def test_an_admin_says_how_much_a_person_carries_at_once(house: CentreHouse) -> None:
    async with house.client("admin") as admin:
        status, answer = await admin.ask("PATCH", "/users/ana", {"capacity": {"task": 2}})
        assert (status, answer["user"]["capacity"]) == (200, {"voice": 1, "task": 2})
        for wrong in ({"voice": 2}, {"voz": 1}, {"task": 21}, {"task": True}, {"task": "2"}):
            status, answer = await admin.ask("PATCH", "/users/ana", {"capacity": wrong})
            assert (status, answer["error"]["data"]["field"].split(".")[0]) == (422, "capacity"), wrong
        listed = {user["username"]: user["capacity"] for user in await admin.get("/users")}
        assert listed["ana"] == {"voice": 1, "task": 2}
        assert listed["luis"] == {"voice": 1, "task": 1}


async def test_refusals_name_the_field_in_the_readers_language(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        body = {"state": "paused", "reason": "siesta"}
        _, answer = await ana.ask("PUT", "/me/state", body)
        assert answer["error"]["message"] == "El dato «reason» no es válido."
        _, answer = await ana.ask("PUT", "/me/state", body, **{"Accept-Language": "en"})
        assert answer["error"]["message"] == "Say why: one of the pause reasons of this centre."
        _, answer = await ana.ask("PUT", "/me/state", {"state": "dormida"}, **{"Accept-Language": "en"})
        assert answer["error"]["message"] == "The field “state” is not valid."


async def test_the_last_admin_cannot_be_lost(house: CentreHouse) -> None:
    async with house.client("admin") as admin:
        assert (await admin.ask("PATCH", "/users/admin", {"roles": ["agent"]}))[0] == 422
        assert (await admin.ask("PATCH", "/users/admin", {"active": False}))[0] == 422
        assert (await admin.ask("GET", "/users"))[0] == 200


async def test_what_people_do_is_audited_without_their_passwords(house: CentreHouse) -> None:
    async with house.client("admin") as admin:
        await admin.ask("POST", "/session", {"username": "ana", "password": "no-es-esta-clave"})
        await admin.ask("PATCH", "/users/ana", {"password": "una-clave-muy-secreta"})
        answer = await admin.get("/audit")
        actions = [entry["action"] for entry in answer["items"]]
        assert actions[:2] == ["user.changed", "session.refused"]
        assert answer["items"][0]["actor"] == "admin"
        assert answer["items"][0]["address"] == "127.0.0.1"
        assert "secreta" not in str(answer)
        assert "no-es-esta" not in str(answer)
