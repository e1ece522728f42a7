"""What an offer that was not taken means for the agent: counted, paused with a notice, or sent offline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from voice_core.agent import Agent, AgentState
from voice_core.ports import Notice

REST_S = 2.0  # before the same contact is held out to the same agent again
FAILED_REST_S = 2.0  # before anything is held out to an agent whom we could not present an offer to
MISSED_OFFERS = "missed_offers"
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    agent: Agent
    notices: tuple[Notice, ...] = ()
    rest_s: float = 0.0
    rests_wholly: bool = False  # from every contact, not from this one only


def after_decline(agent: Agent, reason: str, now: datetime, pause_after_missed: int) -> Outcome:
    """`refused` and `no_answer` count as missed; `unreachable` signs the agent out; `failed` is our fault; `away`: the
    contact's own line is not there now, which has nothing to do with the agent.
    """
    if reason == "withdrawn":
        return Outcome(agent)
    if reason in ("failed", "away"):
        return Outcome(agent, rest_s=FAILED_REST_S, rests_wholly=reason == "failed")
    if agent.state is not AgentState.AVAILABLE:
        return Outcome(agent, rest_s=REST_S)
    if reason == "unreachable":
        gone = replace(agent, state=AgentState.OFFLINE, reason=UNREACHABLE, state_since=now)
        return Outcome(gone, (Notice("agent_unreachable", agent=agent.id),))
    missed = agent.missed_offers + 1
    if not pause_after_missed or missed < pause_after_missed:
        return Outcome(replace(agent, missed_offers=missed), rest_s=REST_S)
    paused = replace(
        agent, missed_offers=missed, state=AgentState.PAUSED, reason=MISSED_OFFERS, state_since=now
    )
    return Outcome(
        paused, (Notice("agent_paused_missed_offers", agent=agent.id, data={"missed": str(missed)}),)
    )
