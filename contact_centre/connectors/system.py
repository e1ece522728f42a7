"""One system, asked: bounded waits, retries of what changes nothing, a breaker, answers that may be given again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import structlog
from yarl import URL

from contact_centre.connectors.answers import MAX_BYTES, AnswerError, read_answer
from contact_centre.connectors.breaker import Breaker, Ticket
from contact_centre.connectors.cache import Cache, key_of
from contact_centre.connectors.description import Description, Operation
from contact_centre.connectors.guard import ConnectionFailedError
from contact_centre.connectors.places import AddressRefusedError
from contact_centre.connectors.requests import Outgoing, Plain, outgoing
from ivr_flows.inputs import Answered, NotFound

FIRST_PAUSE_S = 0.2  # before the first retry, at most; each later one twice that
LONGEST_PAUSE_S = 2.0

_FAILURES = frozenset({"timeout", "unreachable", "failing", "bad_answer", "too_large", "not_allowed"})
_WORTH_REPEATING = frozenset({"timeout", "unreachable", "failing"})

log = structlog.get_logger(__name__)


class System:
    """`secret` is None when the description wants one and there is none."""

    def __init__(
        self, name: str, description: Description, session: aiohttp.ClientSession, secret: str | None
    ) -> None:
        self._name = name
        self._description = description
        self._session = session
        self._secret = secret
        self._breaker = Breaker(description.breaker.failures, description.breaker.rest_s)
        self._cache = Cache()

    @property
    def description(self) -> Description:
        return self._description

    async def ask(
        self, name: str, arguments: Mapping[str, Plain], *, key: str, cached: bool = True
    ) -> Answered | NotFound:
        """Raises AnswerError with a reason, within `timeout_s` times one and the retries."""
        operation = self._description.operations.get(name)  # type: ignore[call-overload]
        if operation is None:
            raise AnswerError("unknown_operation", f"there is no operation {name!r}")
        remembered = key_of(name, arguments) if operation.cache_s and cached else None
        if remembered is not None and (kept := self._cache.get(remembered, time.monotonic())) is not None:
            return kept
        if self._secret is None:
            raise AnswerError(
                "no_secret", f"{self._description.authentication.secret} is not in secrets.json"
            )
        request = outgoing(self._description, operation, arguments, self._secret, key)
        ticket = self._breaker.admit(time.monotonic())
        if ticket is None:
            raise AnswerError("resting", "it failed several times in a row and is left alone for a while")
        answer = await self._watched(ticket, operation, request)
        if remembered is not None and isinstance(answer, Answered):
            self._cache.put(remembered, answer, time.monotonic() + operation.cache_s)
        return answer

    async def _watched(self, ticket: Ticket, operation: Operation, request: Outgoing) -> Answered | NotFound:
        """The breaker learns how it went, also when whoever asked went away."""
        try:
            answer = await self._patiently(ticket, operation, request)
        except AnswerError as error:
            if error.reason in _FAILURES:
                self._breaker.failed(ticket, time.monotonic())
            else:
                self._breaker.succeeded(ticket)
            raise
        except BaseException:
            self._breaker.gave_up(ticket)
            raise
        self._breaker.succeeded(ticket)
        return answer

    async def _patiently(
        self, ticket: Ticket, operation: Operation, request: Outgoing
    ) -> Answered | NotFound:
        tries = 1 + (self._description.retries if operation.may_repeat else 0)
        async with _limit(self._description.timeout_s * tries):
            for attempt in range(1, tries + 1):
                try:
                    return await self._once(operation, request)
                except AnswerError as error:
                    given_up = self._breaker.is_open and not ticket.is_trial
                    if attempt == tries or error.reason not in _WORTH_REPEATING or given_up:
                        raise
                    log.info("connector_again", connector=self._name, reason=error.reason, attempt=attempt)
                longest = min(FIRST_PAUSE_S * 2 ** (attempt - 1), LONGEST_PAUSE_S)
                await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - so that not all come back together
        raise AssertionError("one attempt at least")

    async def _once(self, operation: Operation, request: Outgoing) -> Answered | NotFound:
        try:
            async with (
                _limit(self._description.timeout_s),
                self._session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                ) as response,
            ):
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise AnswerError("bad_answer", "it is compressed, though that was not asked for")
                raw = await _read(response)
                return read_answer(operation, response.status, raw)
        except AddressRefusedError as error:
            raise AnswerError("not_allowed", f"{error} is not under `allow`") from error
        except ConnectionFailedError as error:
            raise AnswerError("unreachable", str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            what = type(error).__name__  # its words may hold the address, and in it what the caller typed
            raise AnswerError("unreachable", what) from error


@asynccontextmanager
async def _limit(limit_s: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, told as an AnswerError."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as error:
        raise AnswerError("timeout", f"no answer within {limit_s:g} s") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > MAX_BYTES:
            raise AnswerError("too_large", f"it is larger than {MAX_BYTES // 1024} KB")
    return bytes(raw)
