"""What an agent is doing, from the chosen state and the work in hand; and their time line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from voice_core.agent import Agent, AgentState, AgentStatus, StatusSpan
from voice_core.interaction import Stage

_BY_STAGE = (
    (Stage.TALKING, AgentStatus.TALKING),
    (Stage.OFFERED, AgentStatus.RINGING),
    (Stage.WRAP_UP, AgentStatus.WRAP_UP),
)
_IDLE = frozenset({AgentStatus.AVAILABLE, AgentStatus.RINGING})


def status_of(agent: Agent, stages: Iterable[Stage]) -> AgentStatus:
    """Work wins over the chosen state: a paused agent in a call is talking."""
    held = set(stages)
    for stage, status in _BY_STAGE:
        if stage in held:
            return status
    return AgentStatus(agent.state.value)


def settle(
    before: Agent | None, after: Agent, stages: Iterable[Stage], now: datetime, actor: str
) -> tuple[Agent, tuple[StatusSpan, ...]]:
    """`after` with its status made true, and the spans that closes and opens (none when nothing changed)."""
    status = status_of(after, stages)
    settled = replace(after, status=status, idle_since=_idle_since(before, after, status, now))
    reason = _reason(settled)
    if before is not None and before.status_since and before.status is status and _reason(before) == reason:
        return settled, ()
    settled = replace(settled, status_since=now)
    opened = StatusSpan(after.id, status, reason, since=now, until=None, actor=actor)
    if before is None or before.status_since is None:
        return settled, (opened,)
    until = max(now, before.status_since)
    closed = StatusSpan(
        before.id, before.status, _reason(before), since=before.status_since, until=until, actor=actor
    )
    return settled, (closed, opened)


def _idle_since(before: Agent | None, after: Agent, status: AgentStatus, now: datetime) -> datetime | None:
    """Ringing is not yet work: a caller who hangs up, or an offer taken back, costs nobody their turn.

    Who missed an offer goes behind those who are still idle.
    """
    if status not in _IDLE:
        return None
    known = before.idle_since if before is not None and before.status in _IDLE else None
    missed = before is not None and after.missed_offers > before.missed_offers
    if status is AgentStatus.RINGING:
        return known
    return now if known is None or missed else known


def _reason(agent: Agent) -> str:
    """The chosen reason belongs to the chosen state, not to the work that covers it."""
    return agent.reason if agent.status.value == agent.state.value else ""


def is_signed_in(agent: Agent) -> bool:
    return agent.state is not AgentState.OFFLINE
