"""All systems of a centre, as flows ask them: whatever happens out there, an answer comes in time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp.abc import AbstractResolver

from contact_centre.connectors.answers import AnswerError
from contact_centre.connectors.description import Description
from contact_centre.connectors.guard import guarded
from contact_centre.connectors.system import System
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Answered, NotFound, Unavailable

Observe = Callable[[str, str, float], None]  # connector, outcome, seconds

log = structlog.get_logger(__name__)


class Connectors:
    """The port flows' systems are reached through (`ari_apps.ports.Connectors`)."""

    def __init__(self, systems: Mapping[str, System], observe: Observe) -> None:
        self._systems = systems
        self._observe = observe

    def system(self, name: str) -> System:
        """Raises KeyError."""
        return self._systems[name]

    async def ask(self, asked: AskSystem, key: str) -> Answered | NotFound | Unavailable:
        """Never raises: what cannot be answered is Unavailable, with a reason and with words for the caller."""
        begun = time.monotonic()
        system = self._systems.get(asked.connector)
        if system is None:
            return Unavailable("unknown_connector")
        try:
            answer = await system.ask(asked.operation, asked.arguments, key=key, cached=not asked.secrets)
        except AnswerError as error:
            return self._unavailable(system, asked, error, time.monotonic() - begun)
        self._observe(asked.connector, _outcome(answer), time.monotonic() - begun)
        return answer

    def _unavailable(
        self, system: System, asked: AskSystem, error: AnswerError, took_s: float
    ) -> Unavailable:
        self._observe(asked.connector, error.reason, took_s)
        log.warning(
            "connector_failed",
            connector=asked.connector,
            operation=asked.operation,
            reason=error.reason,
            detail="" if asked.secrets else error.detail,  # a system may repeat what it was told
            seconds=round(took_s, 3),
        )
        return Unavailable(error.reason, system.description.words_when_down())


@asynccontextmanager
async def open_connectors(
    descriptions: Mapping[str, Description],
    secrets: Mapping[str, str],
    *,
    observe: Observe = lambda *_: None,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Connectors]:
    """Reached while the context is open. A secret that is missing is told at once, and its system is never asked."""
    async with AsyncExitStack() as stack:
        systems: dict[str, System] = {}
        for name, description in descriptions.items():
            secret = secret_of(description, secrets)
            if secret is None:
                log.error(
                    "connector_without_credentials", connector=name, wanted=description.authentication.secret
                )
            session = await stack.enter_async_context(guarded(description.allow, resolver))
            systems[name] = System(name, description, session, secret)
        yield Connectors(systems, observe)


def secret_of(description: Description, secrets: Mapping[str, str]) -> str | None:
    """Empty where none is wanted, None where it is missing."""
    wanted = description.authentication.secret
    return "" if wanted is None else secrets.get(wanted)


def _outcome(answer: Answered | NotFound) -> str:
    return "not_found" if isinstance(answer, NotFound) else "answered"
