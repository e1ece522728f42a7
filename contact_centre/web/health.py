"""`/health`: ready only when everything a call needs is; degraded while another part is not there (an Asterisk of several)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from aiohttp import web

from contact_centre.access.privileges import Privilege
from contact_centre.schema import Answer
from contact_centre.web.ask import Ask
from contact_centre.web.route import route

CHECK_TIMEOUT_S = 2.0
NEEDED = frozenset({"asterisk", "database", "router"})
Check = Callable[[], Awaitable[bool]]


class HealthOut(Answer):
    """`checks` says of each part whether it answers; 503 with the same body while one does not that all calls need."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, bool]


class HealthRoutes:
    """`needed`: those of the checks without which it is not ready; without another it is degraded."""

    def __init__(self, checks: Mapping[str, Check], needed: frozenset[str] = NEEDED) -> None:
        self._checks = checks
        self._needed = needed

    @route(
        "GET", "/health", needs=Privilege.ANYONE, summary="Ready only when Asterisk, database and router are"
    )
    async def health(self, ask: Ask) -> HealthOut:
        results = await asyncio.gather(*(_passes(check) for check in self._checks.values()))
        checks = dict(zip(self._checks, results, strict=True))
        if not all(checks[name] for name in self._needed):
            raise NotReady(HealthOut(status="not_ready", checks=checks))
        return HealthOut(status="ready" if all(results) else "degraded", checks=checks)


class NotReady(web.HTTPServiceUnavailable):
    """Carries the body of a 503 that is no error of ours."""

    def __init__(self, answer: HealthOut) -> None:
        super().__init__(text=answer.model_dump_json(), content_type="application/json")


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except Exception:  # noqa: BLE001  (whatever is wrong with it, it is not ready)
        return False
