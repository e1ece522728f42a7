"""One declaration a route: path, who may, what goes in and out. The check of access and the OpenAPI page both read it.

    class CallRoutes:
        @route("POST", "/calls/{id}/mute", needs=Privilege.OWN_WORK, summary="Mute or unmute the agent")
        async def mute(self, ask: Ask, id: str, body: Mute) -> Interaction: ...

Parameters named in the path arrive as strings; `body` and `query` are pydantic models; the return annotation is the
answer's schema (None answers 204, a StreamResponse goes out as it is).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from contact_centre.access.privileges import Privilege

API = "/api/v1"
_MARK = "__route__"


@dataclass(frozen=True, slots=True)
class _Declared:
    method: str
    path: str
    needs: Privilege
    summary: str
    media: str


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # below API
    needs: Privilege
    name: str
    tag: str
    summary: str
    call: Callable[..., Awaitable[Any]]
    parameters: tuple[str, ...]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: TypeAdapter[Any] | None
    answer_type: Any
    streams: bool
    media: str

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD")


def route(
    method: str,
    path: str,
    *,
    needs: Privilege,
    summary: str,
    media: str = "application/json",
) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
    """Declare a method of a routes class. `media` is what a StreamResponse carries; "websocket" is left out of OpenAPI."""

    def mark(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        setattr(function, _MARK, _Declared(method, path, needs, summary, media))
        return function

    return mark


def routes_of(tag: str, holder: object) -> list[Route]:
    """All declared routes of `holder`, in the order they are written."""
    return [
        _build(tag, name, function, getattr(holder, name)) for name, function in _declared_in(type(holder))
    ]


def routes_elsewhere(tag: str, kind: type) -> list[Route]:
    """All routes declared in the class `kind`, for a process that has them answered by another: never called here."""
    return [_build(tag, name, function, function) for name, function in _declared_in(kind)]


def _declared_in(kind: type) -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    return [(name, function) for name, function in vars(kind).items() if hasattr(function, _MARK)]


def _build(
    tag: str, name: str, function: Callable[..., Awaitable[Any]], call: Callable[..., Awaitable[Any]]
) -> Route:
    declared: _Declared = getattr(function, _MARK)
    hints: Mapping[str, Any] = get_type_hints(function)
    parameters = tuple(re.findall(r"{(\w+)}", declared.path))
    taken = set(inspect.signature(function).parameters) - {"self", "ask", "body", "query"}
    if taken != set(parameters):
        raise TypeError(f"{name}: the path has {parameters}, the method takes {taken}")
    answer: Any = hints.get("return")
    streams = inspect.isclass(answer) and issubclass(answer, web.StreamResponse)
    plain = answer is None or answer is type(None) or streams
    return Route(
        method=declared.method,
        path=declared.path,
        needs=declared.needs,
        name=name,
        tag=tag,
        summary=declared.summary,
        call=call,
        parameters=parameters,
        body=hints.get("body"),
        query=hints.get("query"),
        answer=None if plain else TypeAdapter[Any](answer),
        answer_type=None if plain else answer,
        streams=streams,
        media=declared.media,
    )
