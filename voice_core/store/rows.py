"""Between the domain's dataclasses and the tables' columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select

from voice_core.agent import Agent, AgentState, AgentStatus, StatusSpan
from voice_core.interaction import Direction, EndReason, Interaction, Offer, SkillRequirement, Stage
from voice_core.ledger import Entry, Kind
from voice_core.store.models import SEARCHED_MOST, InteractionRow

_INTERACTION = tuple(field.name for field in fields(Interaction))
_AGENT = tuple(field.name for field in fields(Agent))
_SPAN = tuple(field.name for field in fields(StatusSpan))
_OFFER = tuple(field.name for field in fields(Offer))
_ONE = select(InteractionRow.__table__).where(InteractionRow.id == bindparam("interaction"))
_SEARCHED = ("id", "from_address", "to_address", "disposition", "contact_name", "end_detail")


def from_interaction(row: Interaction) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _INTERACTION}
    values["requirements"] = [
        [need.skill, need.level, [list(pair) for pair in need.relax]] for need in row.requirements
    ]
    values["data"] = dict(row.data)
    values["flow_state"] = None if row.flow_state is None else dict(row.flow_state)
    values["searched"] = searched(values)
    return values


def searched(values: Mapping[str, Any]) -> str:
    """What a search looks through: small letters, one line a field so that nothing is found across two of them."""
    return "\n".join(values[name] or "" for name in _SEARCHED).lower()[:SEARCHED_MOST]


def to_interaction(values: RowMapping) -> Interaction:
    named = _named(values)
    known = {name: named[name] for name in _INTERACTION}
    known["direction"] = Direction(known["direction"])
    known["stage"] = Stage(known["stage"])
    known["end_reason"] = EndReason(known["end_reason"]) if known["end_reason"] else None
    known["requirements"] = tuple(
        SkillRequirement(skill, level, tuple((after_s, to) for after_s, to in relax))
        for skill, level, relax in known["requirements"]
    )
    return Interaction(**known)


def interaction_in(connection: Connection, interaction_id: str) -> Interaction | None:
    """The contact as stored."""
    row = connection.execute(_ONE, {"interaction": interaction_id}).mappings().first()
    return None if row is None else to_interaction(row)


def from_agent(agent: Agent) -> dict[str, Any]:
    values = {name: getattr(agent, name) for name in _AGENT}
    return values | {"skills": dict(agent.skills), "capacity": dict(agent.capacity)}


def to_agent(values: RowMapping) -> Agent:
    return Agent(
        **{**_named(values), "state": AgentState(values["state"]), "status": AgentStatus(values["status"])}
    )


def from_entry(entry: Entry) -> dict[str, Any]:
    return {
        "interaction_id": entry.interaction_id,
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "data": dict(entry.data),
    }


def to_entry(values: RowMapping) -> Entry:
    return Entry(**{**_named(values), "kind": Kind(values["kind"])})


def from_span(span: StatusSpan) -> dict[str, Any]:
    return {name: getattr(span, name) for name in _SPAN}


def to_span(values: RowMapping) -> StatusSpan:
    known = {name: values[name] for name in _SPAN}
    return StatusSpan(**{**known, "status": AgentStatus(known["status"])})


def from_offer(offer: Offer) -> dict[str, Any]:
    return {name: getattr(offer, name) for name in _OFFER}


def to_offer(values: RowMapping) -> Offer:
    return Offer(**{name: values[name] for name in _OFFER})


def _named(values: RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in values.items()}
