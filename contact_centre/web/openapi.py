"""The OpenAPI 3.1 page, made from the same declarations and models that serve the requests."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from contact_centre.access.privileges import GRANTS, Privilege, Role
from contact_centre.web.endpoint import COOKIE, CSRF_HEADER
from contact_centre.web.route import API, Route

_REF = "#/components/schemas/{model}"
_WEBSOCKET = "websocket"


class ErrorDetail(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    data: dict[str, Any]


class ErrorAnswer(BaseModel):
    """Every failure looks like this; `message` follows Accept-Language (es, en)."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail


def openapi(routes: Sequence[Route]) -> dict[str, Any]:
    """The document."""
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.media != _WEBSOCKET:
            paths.setdefault(API + route.path, {})[route.method.lower()] = _operation(route, schemas)
    _, definitions = models_json_schema([(ErrorAnswer, "serialization")], ref_template=_REF)
    schemas |= definitions["$defs"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Centralita",
            "version": version("centralita"),
            "description": "Changes are pushed over the WebSocket `/api/v1/events` (snapshot, then changes).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.tag}_{route.name}",
        "tags": [route.tag],
        "summary": route.summary,
        "description": _who(route.needs),
        "responses": _responses(route, schemas),
    }
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body is not None:
        schema = _schema(route.body, "validation", schemas)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.needs is not Privilege.ANYONE:
        operation["security"] = [{"session": [], "csrf": []}] if route.changes else [{"session": []}]
    return operation


def _responses(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    failure = {"application/json": {"schema": {"$ref": _REF.format(model="ErrorAnswer")}}}
    answers: dict[str, Any] = {"default": {"description": "Refused; `code` says why.", "content": failure}}
    if route.needs is not Privilege.ANYONE:
        answers["401"] = {"description": "Not signed in.", "content": failure}
        answers["403"] = {"description": "This role may not, or the CSRF token is wrong.", "content": failure}
    if route.name == "health":
        model = {"application/json": {"schema": {"$ref": _REF.format(model="HealthOut")}}}
        answers["503"] = {"description": "Not ready; `checks` says what is missing.", "content": model}
    if route.streams:
        content: dict[str, Any] = {route.media: {"schema": {}}}
        answers["200"] = {"description": "The content.", "content": content}
        if route.media.startswith("audio/"):
            answers["206"] = {"description": "The range asked for.", "content": content}
    elif route.answer is None:
        answers["204"] = {"description": "Done."}
    else:
        schema = route.answer.json_schema(mode="serialization", ref_template=_REF)
        schemas |= schema.pop("$defs", {})
        if isinstance(route.answer_type, type) and issubclass(route.answer_type, BaseModel):
            schemas[route.answer_type.__name__] = schema
            schema = {"$ref": _REF.format(model=route.answer_type.__name__)}
        answers["200"] = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    return dict(sorted(answers.items()))


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in route.parameters
    ]
    if route.query is not None:
        schema = route.query.model_json_schema()
        definitions = schema.get("$defs", {})
        for name, field in schema["properties"].items():
            found.append(
                {"name": name, "in": "query", "required": False, "schema": _inlined(field, definitions)}
            )
    return found


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema


def _schema(model: type[BaseModel], mode: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(mode=mode, ref_template=_REF)
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {"$ref": _REF.format(model=model.__name__)}


def _who(needs: Privilege) -> str:
    if needs is Privilege.ANYONE:
        return "Open to anyone."
    if needs is Privilege.SIGNED_IN:
        return "For anyone signed in."
    return "For: " + ", ".join(role for role in Role if needs in GRANTS[role]) + "."
