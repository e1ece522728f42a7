"""Nobody reaches through a connector what its description does not allow: the address that is connected to is judged."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from ivr_flows.inputs import Answered, Unavailable
from tests.contact_centre.systems import Server, asking, description_of, says, serving

WELL = says({"value": 1})


@dataclass
class Names(AbstractResolver):
    """A name server in somebody else's hand: each question is answered by the next of `answers`, the last for ever."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


async def reason_of(names: Names | None, base: str, allow: str) -> str:
    text = f"""
    base: {base}
    allow: {allow}
    retries: 0
    timeout_s: 1
    operations:
      leer: {{get: /leer, result: {{valor: "{{{{ answer.value }}}}"}}, example: {{answer: {{value: 1}}}}}}
    """
    async with asking(description_of(text), resolver=names) as system:
        answer = await system.ask("leer")
        return (
            answer.reason
            if isinstance(answer, Unavailable)
            else "answered"
            if isinstance(answer, Answered)
            else "?"
        )


def port_of(server: Server) -> str:
    return server.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["0.0.0.0"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["127.1"],
        ["2130706433"],
        ["0x7f000001"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["203.0.113.9", "127.0.0.1"],
        ["127.0.0.1", "203.0.113.9"],
    ],
    ids=" ".join,
)
async def test_a_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    async with serving(WELL) as server:
        names = Names([addresses])
        reason = await reason_of(names, f"http://sistema.example:{port_of(server)}", "[sistema.example]")
        assert reason == "not_allowed"
        assert server.seen == []
        assert names.asked == ["sistema.example"]


async def test_the_same_name_is_reached_once_its_network_is_listed() -> None:
    async with serving(WELL) as server:
        base = f"http://sistema.example:{port_of(server)}"
        assert await reason_of(Names([["127.0.0.1"]]), base, "[sistema.example, 127.0.0.0/8]") == "answered"
        assert await reason_of(Names([["127.0.0.1"]]), base, "[sistema.example, 10.0.0.0/8]") == "not_allowed"
        assert len(server.seen) == 1


async def test_a_name_that_changes_its_mind_between_two_questions_is_judged_each_time() -> None:
    """DNS rebinding: allowed at first, this machine afterwards."""

    async with serving(WELL) as server:
        text = f"""
        base: http://sistema.example:{port_of(server)}
        allow: [sistema.example, 127.0.0.1]
        retries: 0
        operations:
          leer: {{get: /leer, result: {{valor: "{{{{ answer.value }}}}"}}, example: {{answer: {{value: 1}}}}}}
        """
        names = Names([["127.0.0.1"], ["127.0.0.2"]])
        async with asking(description_of(text), resolver=names) as system:
            assert isinstance(await system.ask("leer"), Answered)
            answer = await system.ask("leer")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "not_allowed"
        assert names.asked == ["sistema.example"] * 2
        assert len(server.seen) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
async def test_a_base_on_this_machine_is_not_reached_by_its_own_word(host: str) -> None:
    """Nothing listed: the base's host may be asked for, and its address still has to be public."""
    async with serving(WELL) as server:
        assert await reason_of(None, f"http://{host}:{port_of(server)}", "[]") == "not_allowed"
        assert server.seen == []


async def test_the_surroundings_cannot_lead_it_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(WELL) as server, serving(WELL) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert await reason_of(None, server.url, "[127.0.0.1]") == "answered"
        assert proxy.seen == []
