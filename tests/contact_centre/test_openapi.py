"""The API keeps to its own OpenAPI page: a short schemathesis run over real HTTP, as an administrator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contact_centre.house import PASSWORD, CentreHouse, running_centre

pytestmark = pytest.mark.slow

START_TIMEOUT_S = 60.0


class Background:
    """The centre in a loop of its own: schemathesis asks synchronously."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(START_TIMEOUT_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_TIMEOUT_S)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with running_centre(self._folder) as house:
            await house.recorded((await house.talking("ana")).id)
            self.url = str(house.server.make_url("/")).rstrip("/")
            self._started.set()
            await self._stop.wait()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    running = Background(tmp_path_factory.mktemp("centre"))
    running.start()
    yield running
    running.stop()


async def test_every_operation_is_described(house: CentreHouse) -> None:
    async with house.client() as nobody:
        document = await nobody.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 40
    assert all(operation["summary"] and "default" in operation["responses"] for operation in operations)
    references = _references(document)
    assert references <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


@pytest.mark.timeout(300)
def test_the_api_keeps_to_its_description(centre: Background) -> None:
    browser = requests.Session()
    body = {"username": "admin", "password": PASSWORD}
    csrf = browser.post(f"{centre.url}/api/v1/session", json=body, timeout=10).json()["csrf"]
    schema = schemathesis.openapi.from_url(f"{centre.url}/api/v1/openapi.json")
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        # Signing out, or in as somebody else, would end the run; changing users may end the admin's own session.
        if operation.path.endswith("/session") or (operation.path.endswith("/users/{username}")):
            continue

        @settings(
            max_examples=8,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            response = case.call(session=browser, headers={"X-CSRF-Token": csrf})
            case.validate_response(response, checks=checks)

        schemathesis_case = operation.as_strategy()
        _given(schemathesis_case, ask)
        count += 1
    assert count > 40


def _given(strategy: Any, ask: Any) -> None:
    from hypothesis import given

    given(case=strategy)(ask)()


def _references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in part.values()))
    return set().union(*(_references(item) for item in part)) if isinstance(part, list) else set()
