"""From a declared route to an aiohttp handler: who, may they, what they sent, what they get."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from contact_centre.access.errors import ForgedRequestError, NotSignedInError
from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from contact_centre.access.service import SESSION_LIFE, Access
from contact_centre.web.ask import Ask, language_of
from contact_centre.web.guard import REACHED, Next
from contact_centre.web.route import Route
from voice_core.errors import InvalidInputError, NotFoundError

COOKIE = "centralita_session"
CSRF_HEADER = "X-CSRF-Token"
BODY_TIMEOUT_S = 10.0
BODY_LIMIT_BYTES = 64 * 1024
# Ids of calls, users, offers, recordings. Anything else exists nowhere, and never reaches a database or Asterisk.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def endpoint(route: Route, access: Access) -> Next:
    """The handler that serves `route`."""

    async def serve(request: web.Request) -> web.StreamResponse:
        with structlog.contextvars.bound_contextvars(**_context(request)):
            return await answer(request)

    async def answer(request: web.Request) -> web.StreamResponse:
        ask = await _admit(route, access, request)
        given: dict[str, Any] = {name: _identifier(request.match_info[name]) for name in route.parameters}
        if route.query is not None:
            query = _single(request)
            given["query"] = _read(lambda model: model.model_validate(query), route.query)
        if route.body is not None:
            sent = await _body(request)
            given["body"] = _read(lambda model: model.model_validate_json(sent), route.body)
        response = _response(route, await route.call(ask, **given))
        for name, value in ask.cookies.items():
            _set_cookie(response, name, value, secure=request[REACHED].secure)
        return response

    return serve


def _context(request: web.Request) -> dict[str, str]:
    """A call's id runs through all log lines about it."""
    call_id = request.match_info.get("call_id")
    return {"interaction": call_id[:96]} if call_id else {}


def _response(route: Route, answer: Any) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    if route.answer is None:
        return web.Response(status=204)
    return web.Response(body=route.answer.dump_json(answer), content_type="application/json")


def _set_cookie(response: web.StreamResponse, name: str, value: str | None, *, secure: bool) -> None:
    if value is None:
        response.del_cookie(name, path="/", httponly=True, samesite="Strict", secure=secure)
        return
    life_s = int(SESSION_LIFE.total_seconds())
    response.set_cookie(
        name, value, max_age=life_s, path="/", httponly=True, samesite="Strict", secure=secure
    )


async def _admit(route: Route, access: Access, request: web.Request) -> Ask:
    session = await _session(access, request)
    ask = Ask(
        request, language_of(request.headers.get("Accept-Language", "")), request[REACHED].address, session
    )
    if route.needs is Privilege.ANYONE:
        return ask
    signed = ask.signed
    ask.demand(route.needs)
    token = request.headers.get(CSRF_HEADER, "")
    if route.changes and not hmac.compare_digest(token.encode(), signed.csrf.encode()):
        raise ForgedRequestError(f"The header {CSRF_HEADER} is missing or wrong.")
    return ask


async def _session(access: Access, request: web.Request) -> Signed | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return await access.signed(token)
    except NotSignedInError:
        return None


def _identifier(value: str) -> str:
    if not _ID.fullmatch(value):
        raise NotFoundError("There is nothing of that name.")
    return value


def _read(read: Callable[[type[BaseModel]], BaseModel], model: type[BaseModel]) -> BaseModel:
    """What was sent, as the model has it. Raises InvalidInputError naming fields, never values: one may be a password."""
    try:
        return read(model)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [{"field": ".".join(map(str, each["loc"])), "problem": each["type"]} for each in found]
        field = problems[0]["field"]
        if not field:
            raise InvalidInputError("The body is not valid.", problems=problems) from None
        raise InvalidInputError(
            f"The field “{field}” is not valid.", field=field, problems=problems
        ) from None


def _single(request: web.Request) -> dict[str, str]:
    if len(request.query) != len(set(request.query)):
        raise InvalidInputError("A query parameter is given twice.")
    return dict(request.query)


async def _body(request: web.Request) -> bytes:
    # No form can send this type, so a foreign page cannot write here even where cookies would travel.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    async with asyncio.timeout(BODY_TIMEOUT_S):
        return await request.read()
