"""The Asterisks of one centre, as the controller reaches each: ARI, AMI, and its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from ari_apps.ami import Ami
from ari_apps.ari import AriClient, ConnectionLost
from ari_apps.arrival import booted
from ari_apps.plan import TelephonePlan
from ari_apps.switchboard import READ
from contact_centre.provision import RELOADS
from contact_centre.secrets_file import ACCOUNT, Secrets
from contact_centre.settings import Settings
from voice_core.errors import CentralitaError, UnavailableError

APP = "centralita"
REACH_LIMIT_S = 45.0
REACH_AGAIN_S = 0.05
ONE_TRY_S = 2.0  # of several: one that hangs must not keep the others waiting
START_TOGETHER_S = 3.0
"""A whole house is being started: how long the first that is up waits for the others."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """`settings` are the ones this node has. `at_once`: it ran before we came; `there`: it answered as we began."""

    settings: Settings
    ami: Ami
    ari: AriClient
    at_once: bool
    there: bool

    @property
    def name(self) -> str:
        return self.settings.node

    async def reload(self) -> None:
        """It reads again what changed of its files: it knows best what it has read. Raises AmiError."""
        for module in RELOADS.values():
            await self.ami.reload(module)


class RecordingControl:
    """The recorder's: each channel at its own node."""

    def __init__(self, nodes: Sequence[tuple[TelephonePlan, Ami]]) -> None:
        self._nodes = nodes

    async def mix_monitor_mute(self, channel: str, on: bool) -> None:
        ami = next((ami for plan, ami in self._nodes if plan.owns(channel)), self._nodes[0][1])
        await ami.mix_monitor_mute(channel, on)


async def reach(settings: Settings, secrets: Secrets, stack: AsyncExitStack) -> tuple[Node, ...]:
    """Every node, connected, waiting for Asterisks that are just starting. One of several that does not answer is tried on
    beside, and keeps nobody waiting. Raises UnavailableError when none does.
    """
    each, found = settings.each_node(), dict[str, Node]()
    loop = asyncio.get_running_loop()
    deadline, at_once = loop.time() + REACH_LIMIT_S, True
    while True:
        missing = [node for node in each if node.node not in found]
        tries = [_try(node, secrets, stack, at_once=at_once, alone=len(each) == 1) for node in missing]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        for node, outcome in zip(missing, outcomes, strict=True):
            if isinstance(outcome, Node):
                if not found and not at_once:
                    deadline = loop.time() + START_TOGETHER_S
                found[node.node] = outcome
            elif not isinstance(outcome, (UnavailableError, ConnectionLost, TimeoutError)):
                raise outcome
            elif loop.time() > deadline and not found:
                raise UnavailableError(f"Asterisk does not answer: {outcome}") from outcome
        if len(found) == len(each) or (found and (at_once or loop.time() > deadline)):
            break
        at_once = False
        await asyncio.sleep(REACH_AGAIN_S)
    return tuple([found.get(node.node) or await _later(node, secrets, stack) for node in each])


async def _try(
    settings: Settings, secrets: Secrets, stack: AsyncExitStack, *, at_once: bool, alone: bool
) -> Node:
    """Raises UnavailableError, ConnectionLost, TimeoutError."""
    ami, client = _clients(settings, secrets)
    async with asyncio.timeout(None if alone else ONE_TRY_S), AsyncExitStack() as attempt:
        await attempt.enter_async_context(ami)
        ari = await attempt.enter_async_context(client)
        await booted(ari)
        await stack.enter_async_context(attempt.pop_all())
        return Node(settings, ami, ari, at_once, there=True)


async def _later(settings: Settings, secrets: Secrets, stack: AsyncExitStack) -> Node:
    ami, client = _clients(settings, secrets)
    stack.push_async_exit(ami)  # it connects with the first action
    ari = await stack.enter_async_context(client.kept_trying())
    return Node(settings, ami, ari, at_once=False, there=False)


def _clients(settings: Settings, secrets: Secrets) -> tuple[Ami, AriClient]:
    ami = Ami("127.0.0.1", settings.ami_port, ACCOUNT, secrets.ami_password)
    return ami, AriClient.connect(settings.ari_url, ACCOUNT, secrets.ari_password, APP, reads=READ)


async def reload_those_there(nodes: Sequence[Node]) -> None:
    """Of several, one that is away reads its files when it is back. Raises AmiError where there is only one."""
    for node in nodes:
        try:
            await node.reload()
        except CentralitaError as error:
            if len(nodes) == 1:
                raise
            log.warning("node_not_reloaded", node=node.name, error=str(error))
