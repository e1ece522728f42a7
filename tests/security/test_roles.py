"""Every route as every role (fault 29): nobody gets further than the table of privileges says."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from contact_centre.access.privileges import GRANTS, Privilege, Role
from contact_centre.web.screens import build_screens
from tests.contact_centre.house import ROLES, CentreHouse

# What each role may reach, written out once more by hand: a slip in `privileges.py` must not pass unseen.
REACH = {
    "agent": {"own_work", "own_calls", "contacts"},
    "supervisor": {"own_work", "own_calls", "contacts", "live_room", "listen", "all_calls", "recordings"},
    "manager": {"own_calls", "all_calls", "recordings"},
    "designer": {"flows"},
    "admin": {
        "own_work",
        "own_calls",
        "contacts",
        "live_room",
        "listen",
        "all_calls",
        "recordings",
        "users",
        "audit",
        "flows",
    },
}
# method, path, and what it needs: every route of the API. A new one fails the test below until it is here.
ROUTES = [
    ("POST", "/session", "anyone"),
    ("GET", "/session", "signed_in"),
    ("DELETE", "/session", "signed_in"),
    ("GET", "/health", "anyone"),
    ("GET", "/openapi.json", "anyone"),
    ("GET", "/centre", "signed_in"),
    ("GET", "/me/work", "own_work"),
    ("PUT", "/me/state", "own_work"),
    ("GET", "/me/softphone", "own_work"),
    ("GET", "/me/timeline", "own_work"),
    ("GET", "/colleagues", "own_work"),
    ("POST", "/offers/{offer_id}/accept", "own_work"),
    ("POST", "/offers/{offer_id}/decline", "own_work"),
    ("POST", "/offers/{offer_id}/ring", "own_work"),
    ("GET", "/agents", "live_room"),
    ("PUT", "/agents/{agent_id}/state", "live_room"),
    ("GET", "/agents/{agent_id}/timeline", "live_room"),
    ("GET", "/queues", "live_room"),
    ("GET", "/live/snapshot", "signed_in"),
    ("GET", "/events", "signed_in"),
    ("GET", "/softphone/ws", "own_work"),
    ("GET", "/calls", "own_calls"),
    ("GET", "/calls/{call_id}", "own_calls"),
    ("GET", "/calls/{call_id}/voicemail", "own_work"),
    ("POST", "/calls", "own_work"),
    ("POST", "/calls/{call_id}/hold", "own_work"),
    ("POST", "/calls/{call_id}/resume", "own_work"),
    ("POST", "/calls/{call_id}/mute", "own_work"),
    ("POST", "/calls/{call_id}/digits", "own_work"),
    ("POST", "/calls/{call_id}/hang-up", "own_work"),
    ("POST", "/calls/{call_id}/transfer", "own_work"),
    ("POST", "/calls/{call_id}/consult", "own_work"),
    ("POST", "/calls/{call_id}/consult/complete", "own_work"),
    ("POST", "/calls/{call_id}/consult/cancel", "own_work"),
    ("POST", "/calls/{call_id}/conference", "own_work"),
    ("POST", "/calls/{call_id}/reattach", "own_work"),
    ("POST", "/calls/{call_id}/recording/pause", "own_work"),
    ("POST", "/calls/{call_id}/recording/resume", "own_work"),
    ("POST", "/calls/{call_id}/wrap-up", "own_work"),
    ("POST", "/calls/{call_id}/listen", "listen"),
    ("PUT", "/calls/{call_id}/listen", "listen"),
    ("DELETE", "/calls/{call_id}/listen", "listen"),
    ("POST", "/calls/{call_id}/take-over", "listen"),
    ("GET", "/recordings", "recordings"),
    ("GET", "/recordings/{recording_id}", "recordings"),
    ("GET", "/recordings/{recording_id}/peaks", "recordings"),
    ("GET", "/recordings/{recording_id}/audio", "recordings"),
    ("GET", "/flows", "flows"),
    ("GET", "/contacts", "contacts"),
    ("GET", "/contacts/{contact_id}", "contacts"),
    ("POST", "/contacts", "contacts"),
    ("PUT", "/contacts/{contact_id}", "contacts"),
    ("GET", "/users", "users"),
    ("POST", "/users", "users"),
    ("PATCH", "/users/{username}", "users"),
    ("GET", "/audit", "audit"),
]
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


def test_the_table_of_privileges_is_the_one_written_here() -> None:
    assert {role.value: {grant.value for grant in GRANTS[role]} for role in Role} == REACH
    assert {need for _, _, need in ROUTES} <= {privilege.value for privilege in Privilege}


async def test_every_route_is_in_the_table(house: CentreHouse) -> None:
    app = build_screens(house.parts)
    served = {
        (route.method, str(route.resource.canonical).removeprefix("/api/v1"))
        for route in app.router.routes()
        if route.resource is not None and str(route.resource.canonical).startswith("/api/v1")
    }
    assert served == {(method, path) for method, path, _ in ROUTES}
    assert isinstance(app, web.Application)


async def test_beside_the_api_there_is_only_what_anyone_may_see(house: CentreHouse) -> None:
    """The panel's own files, and figures that name nobody; a route added here must be thought about too."""
    routes = build_screens(house.parts).router.routes()
    beside = {(route.method, str(route.resource.canonical)) for route in routes if route.resource is not None}
    assert {(method, path) for method, path in beside if not path.startswith("/api/v1")} == {
        ("GET", "/metrics"),
        ("GET", "/{path}"),
        ("HEAD", "/{path}"),
        ("*", "/api/{rest}"),
    }


async def test_nobody_without_a_session_gets_anywhere(house: CentreHouse) -> None:
    async with house.client() as nobody:
        for method, path, need in ROUTES:
            if need == "anyone":
                continue
            status, answer = await nobody.ask(method, _filled(path, {}), _body(method))
            assert (status, answer["error"]["code"]) == (401, "not_signed_in"), (method, path)


async def test_each_role_reaches_what_it_may_and_nothing_else(house: CentreHouse) -> None:
    row = await house.talking("luis")
    ids = {
        "call_id": row.id,
        "recording_id": await house.recorded(row.id),
        "agent_id": "luis",
        "username": "luis",
    }
    for username, role in ROLES.items():
        async with house.client(username) as person:
            for method, path, need in ROUTES:
                if path == "/session":
                    continue  # would sign this person out
                status, answer = await person.ask(method, _filled(path, ids), _body(method))
                reached = need in ("anyone", "signed_in") or need in REACH[role]
                refused = status == 403 and answer["error"]["data"].get("privilege") == need
                assert refused is not reached, (username, method, path, status, answer)


async def test_changes_without_the_csrf_token_are_refused_on_every_route(house: CentreHouse) -> None:
    async with house.client("admin") as admin:
        admin.csrf = ""
        for method, path, need in ROUTES:
            if method not in CHANGES or need == "anyone":
                continue
            status, answer = await admin.ask(method, _filled(path, {}), _body(method))
            assert (status, answer["error"]["code"]) == (403, "forged_request"), (method, path)


async def test_an_agent_reaches_nothing_of_a_colleague(house: CentreHouse) -> None:
    row = await house.talking("luis")
    recording = await house.recorded(row.id)
    async with house.client("ana") as ana:
        for method, path, need in ROUTES:
            if "{call_id}" not in path:
                continue
            status, answer = await ana.ask(
                method, _filled(path, {"call_id": row.id}), BODIES.get(_last(path), {})
            )
            assert status in (403, 404, 415), (method, path, status, answer, need)
        assert (await ana.ask("GET", f"/recordings/{recording}/audio"))[0] == 403
        assert (await ana.ask("GET", "/recordings"))[0] == 403
        shown = str(await ana.get("/calls")) + str(await ana.get("/me/work"))
        assert row.id not in shown
    assert house.telephone.asked == []


async def test_an_offer_to_a_colleague_cannot_be_taken(house: CentreHouse) -> None:
    async with house.client("ana") as ana, house.client("luis") as luis:
        await luis.ask("PUT", "/me/state", {"state": "available"})
        async with luis.events() as events:
            await events.next("snapshot")
            await house.queued()
            offer = await events.next("offer")
        for action in ("accept", "decline"):
            status, answer = await ana.ask("POST", f"/offers/{offer['id']}/{action}")
            assert (status, answer["error"]["code"]) == (403, "not_allowed")


BODIES: dict[str, Any] = {
    "mute": {"on": True},
    "digits": {"digits": "1"},
    "transfer": {"kind": "queue", "value": "soporte"},
    "consult": {"kind": "queue", "value": "soporte"},
    "listen": {"mode": "listen"},
    "wrap-up": {"disposition": "resuelto"},
}


def _last(path: str) -> str:
    return path.rsplit("/", 1)[1]


def _filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: ids.get(found[1], "nada"), path)


def _body(method: str) -> Any:
    return {} if method in CHANGES else None
