"""Stands where the institution's systems would, on loopback: answers every operation from its examples, over real HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from contact_centre.connectors.description import Authentication, Description
from contact_centre.connectors.examples import answer_of, arguments_in, example_for, operation_at
from contact_centre.connectors.places import read_allowed

HOST = "127.0.0.1"
MAX_BODY_BYTES = 128 * 1024
CLOSING_S = 0.1  # for answers that are being delayed on purpose


@asynccontextmanager
async def simulated(
    descriptions: Mapping[str, Description], port: int = 0
) -> AsyncIterator[dict[str, Description]]:
    """The same descriptions, led to the simulator, which answers while the context is open. Raises OSError."""
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_route("*", "/{connector}{rest:/.*}", _Simulator(descriptions).answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSING_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield {name: _led_to(description, f"{url}/{name}") for name, description in descriptions.items()}
    finally:
        await runner.cleanup()


def _led_to(description: Description, base: str) -> Description:
    """No secret goes there."""
    led = {"base": base, "allow": read_allowed([HOST]), "authentication": Authentication()}
    return description.model_copy(update=led)


class _Simulator:
    def __init__(self, descriptions: Mapping[str, Description]) -> None:
        self._descriptions = descriptions

    async def answer(self, request: web.Request) -> web.Response:
        description = self._descriptions.get(request.match_info["connector"])
        found = description and operation_at(
            description, request.method, request.match_info["rest"], _action(request)
        )
        if not found:
            return web.json_response({"error": "no such operation"}, status=501)
        operation, arguments = found
        arguments |= arguments_in(operation, request.query, await request.read())
        example = example_for(operation, arguments)
        await asyncio.sleep(example.delay_s)
        status, body = answer_of(operation, example)
        kind = "application/json" if operation.soap is None else "text/xml"
        return web.Response(body=body, status=status, content_type=kind)


def _action(request: web.Request) -> str:
    """SOAP's, of either version."""
    within = re.search(r'action="([^"]*)"', request.headers.get("Content-Type", ""))
    return within[1] if within is not None else request.headers.get("SOAPAction", "").strip('"')
