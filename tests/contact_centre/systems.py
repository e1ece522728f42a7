"""Systems for tests: described in a few lines, and a server that answers as it is told, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from textwrap import dedent

from aiohttp import web

from contact_centre.connectors.description import Description
from contact_centre.connectors.reading import Shelf, read_texts
from contact_centre.connectors.service import Connectors, open_connectors
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Answered, NotFound, Unavailable

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


def shelf_of(text: str) -> Shelf:
    return read_texts({"sistema.yaml": dedent(text).encode()})


def description_of(text: str) -> Description:
    shelf = shelf_of(text)
    assert not shelf.problems, [str(problem) for problem in shelf.problems]
    return shelf.descriptions["sistema"]


@dataclass
class Server:
    """Each request is answered by the next of `plan`, the last one again and again."""

    plan: list[Respond]
    url: str = ""
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        self.bodies.append(await request.read())
        self.came.set()
        respond = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        return await respond(request)


@asynccontextmanager
async def serving(*plan: Respond) -> AsyncIterator[Server]:
    server = Server(list(plan))
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def says(body: object, status: int = 200) -> Respond:
    async def respond(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return respond


def says_raw(body: bytes, status: int = 200, **headers: str) -> Respond:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(
            body=body,
            status=status,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return respond


async def hangs(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


BALANCE = """
base: {base}
timeout_s: 5
retries: 2
allow: [127.0.0.1]
when_down: {{es: No responde., en: It is down.}}
operations:
  saldo:
    get: /cuentas/{{contrato}}/saldo
    arguments: [contrato]
    result: {{saldo: "{{{{ answer.balance }}}}", vence: "{{{{ answer.due }}}}"}}
    not_found: 404
    example: {{answer: {{balance: 1}}}}
  pagar:
    post: /pagos
    arguments: [contrato, monto]
    result: {{numero: "{{{{ answer.number }}}}"}}
    example: {{answer: {{number: 1}}}}
  registrar:
    post: /reclamos
    arguments: [contrato]
    idempotent: true
    result: {{numero: "{{{{ answer.number }}}}"}}
    example: {{answer: {{number: 1}}}}
"""


@dataclass
class Asking:
    connectors: Connectors
    observed: list[tuple[str, str]]

    async def ask(
        self, operation: str, *, key: str = "clave-1", secrets: frozenset[str] = frozenset(), **arguments: str
    ) -> Answered | NotFound | Unavailable:
        return await self.connectors.ask(AskSystem("sistema", operation, arguments, secrets, ""), key)


@asynccontextmanager
async def asking(description: Description, **more: object) -> AsyncIterator[Asking]:
    observed: list[tuple[str, str]] = []
    secrets = more.pop("secrets", {})
    async with open_connectors(
        {"sistema": description},
        secrets,
        observe=lambda name, outcome, _: observed.append((name, outcome)),
        **more,  # type: ignore[arg-type]
    ) as connectors:
        yield Asking(connectors, observed)


@asynccontextmanager
async def balance_from(server: Server, **fields: str) -> AsyncIterator[Asking]:
    """`fields`: other values of the description."""
    text = BALANCE.format(base=server.url + "/api")
    for name, value in fields.items():
        text = "\n".join(
            f"{name}: {value}" if line.startswith(f"{name}:") else line for line in text.splitlines()
        )
        if f"\n{name}: " not in text:
            text += f"\n{name}: {value}\n"
    async with asking(description_of(text)) as each:
        yield each
