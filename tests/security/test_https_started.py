"""The panel by HTTPS, as it is started: what the command line refuses, and a web that reaches its controller by TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.asterisk.test_e2e_refusals import is_one_clear_refusal, nothing_is_left
from tests.certificates import Authority, Issued
from tests.faults.processes import part
from tests.instance import LOOK_S, START_TIMEOUT_S, Instance, free_ports, prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize("command", ["up", "run controller"])
async def test_plain_http_beyond_loopback(tmp_path: Path, command: str) -> None:
    instance = prepare(tmp_path / "home", http_host="0.0.0.0")
    outcome = await instance.command(*command.split(), check=False)
    is_one_clear_refusal(
        outcome, "0.0.0.0", "CENTRALITA_TLS_CERTIFICATE", "CENTRALITA_PLAIN_HTTP_ALLOWED", "red", "network"
    )
    await nothing_is_left(instance)


async def test_a_key_of_another_certificate(tmp_path: Path, authority: Authority, issued: Issued) -> None:
    other = authority.issue("another")
    instance = prepare(tmp_path / "home", tls_certificate=str(issued.certificate), tls_key=str(other.key))
    outcome = await instance.command("up", check=False)
    is_one_clear_refusal(outcome, str(other.key), "no es la del certificado", "does not belong")
    await nothing_is_left(instance)


@asynccontextmanager
async def by_https(
    instance: Instance, authority: Authority, wanted: dict[str, bool], *command: str
) -> AsyncIterator[str]:
    """Its URL, once its health says so."""
    url = f"https://localhost:{instance.http_port}"
    said: Any = None
    async with part(instance, *command) as process, aiohttp.ClientSession() as http:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while said is None or not wanted.items() <= said.items():
                    assert process.returncode is None
                    with suppress(aiohttp.ClientError):
                        async with http.get(f"{url}/api/v1/health", ssl=authority.client()) as answer:
                            said = (await answer.json())["checks"]
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"{command}: {said}") from None
        yield url


async def test_a_web_reaches_its_controller_by_tls(
    tmp_path: Path, authority: Authority, issued: Issued
) -> None:
    """Only under a name that the certificate carries, and only when its authority is trusted."""
    files = {"tls_certificate": str(issued.certificate), "tls_key": str(issued.key)}
    instance = prepare(tmp_path / "home", **files)
    controller_url = {"CENTRALITA_CONTROLLER_URL": f"https://localhost:{instance.http_port}"}
    controller = replace(instance, environment={**instance.environment, **controller_url})
    (port,) = free_ports(1)
    environment = {**instance.environment, "CENTRALITA_HTTP_PORT": str(port)}
    trusting = {**environment, "SSL_CERT_FILE": str(authority.certificate)}
    web = replace(instance, http_port=port, environment=trusting)
    doubting = replace(instance, http_port=port, environment=environment)
    async with by_https(controller, authority, {"database": True}, "up", "--no-telephone"):
        for beside, reaches in ((web, True), (doubting, False)):
            wanted = {"database": True, "controller": reaches}
            async with by_https(beside, authority, wanted, "run", "web"):
                log = instance.home.parent / f"{instance.home.name}-run-web.out"
                assert ("controller_certificate_refused" in log.read_text()) is not reaches
