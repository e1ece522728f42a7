"""The only place that knows HTTP statuses: turns every failure into `{"error": {"code", "message", "data"}}`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from contact_centre.sentences import say, sentence
from contact_centre.web.ask import language_of
from voice_core.errors import CentralitaError
from voice_core.store.errors import OUTAGES

log = structlog.get_logger(__name__)

STATUSES: Mapping[str, int] = {
    "bad_request": 400,
    "not_signed_in": 401,
    "wrong_credentials": 401,
    "not_allowed": 403,
    "forged_request": 403,
    "plain_http": 403,
    "not_found": 404,
    "no_such_route": 404,
    "method_not_allowed": 405,
    "wrong_stage": 409,
    "offer_gone": 409,
    "stale_write": 409,
    "user_exists": 409,
    "listening_failed": 409,
    "recording_damaged": 409,
    "too_large": 413,
    "wrong_media_type": 415,
    "wrong_host": 421,
    "invalid_input": 422,
    "weak_password": 422,
    "too_many_attempts": 429,
    "outbound_cap": 429,
    "internal": 500,
    "unavailable": 503,
    "controller_away": 503,
    "answer_lost": 503,
    "database_unavailable": 503,
    "vault_failed": 503,
    "not_built": 503,
}
# What aiohttp itself raises, in our codes.
_HTTP_CODES = {404: "no_such_route", 405: "method_not_allowed", 413: "too_large", 415: "wrong_media_type"}


def refusal(
    code: str, message: str, data: Mapping[str, Any] | None = None, *, status: int | None = None
) -> web.Response:
    body = {"error": {"code": code, "message": message, "data": dict(data or {})}}
    text = json.dumps(body, ensure_ascii=False, default=str)
    return web.json_response(text=text, status=status or STATUSES[code])


def answer_to(error: Exception, request: web.Request) -> web.Response:
    """The response for whatever a route raised."""
    language = language_of(request.headers.get("Accept-Language", ""))
    match error:
        case CentralitaError():
            response = refusal(error.code, _message(error, language), error.data, status=_status(error))
            if "retry_after_s" in error.data:
                response.headers["Retry-After"] = str(error.data["retry_after_s"])
            return response
        case web.HTTPException():
            return _of_http(error, language)
        case _ if isinstance(error, OUTAGES):
            log.error("database_failed", path=request.path, reason=str(getattr(error, "orig", error)))
            code = "database_unavailable"
        case _:
            return _internal(error, request, language)
    return refusal(code, say(code, language))


def _of_http(error: web.HTTPException, language: str) -> web.Response:
    if error.content_type == "application/json":  # a body of ours: `/health`
        return web.Response(text=error.text, status=error.status, content_type="application/json")
    code = _HTTP_CODES.get(error.status, "bad_request")
    response = refusal(code, say(code, language))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _internal(error: Exception, request: web.Request, language: str) -> web.Response:
    reference = secrets.token_hex(4)
    log.error("request_failed", reference=reference, method=request.method, path=request.path, exc_info=error)
    return refusal("internal", say("internal", language, reference=reference), {"reference": reference})


def _status(error: CentralitaError) -> int:
    """By its own code, or that of the nearest ancestor we know: rooms draw their trees on the domain's."""
    codes = (getattr(ancestor, "code", "") for ancestor in type(error).__mro__)
    return next((STATUSES[code] for code in codes if code in STATUSES), 409)


def _message(error: CentralitaError, language: str) -> str:
    # The English sentence of an error often says more than its code does.
    return str(error) if language == "en" else sentence(error, language)
