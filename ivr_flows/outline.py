"""A flow as it can be drawn: its steps in the order they are written, and where each one leads, under which name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr_flows.flow import Flow, FlowStep
from ivr_flows.phrases import HUMAN_KEY
from ivr_flows.pieces import ConnectorName, FlowName, Prompts, QueueName, Target, pieces
from ivr_flows.verbs import Verb
from ivr_flows.verbs.ask import Ask
from ivr_flows.verbs.hours import Hours
from ivr_flows.verbs.if_ import If
from ivr_flows.verbs.menu import Menu
from ivr_flows.verbs.question import Question
from ivr_flows.verbs.split import Split
from ivr_flows.verbs.switch import Switch

_SILENT = frozenset({"options", "cases", "go", "step"})  # parts of a path that say nothing to a reader


@dataclass(frozen=True, slots=True)
class Way:
    """`label`: the key pressed, "closed", "otherwise" …; "" simply goes on. `to`: a step of this flow, or "end"."""

    label: str
    to: str


@dataclass(frozen=True, slots=True)
class StepOutline:
    """`about`: the queue or flow it leads into, the system it asks, or "". `heard`: what is said first, by language,
    as written.
    """

    id: str
    verb: str
    about: str
    heard: dict[str, str]
    ways: tuple[Way, ...]


def outline(flow: Flow) -> tuple[StepOutline, ...]:
    return tuple(_step(flow, step) for step in flow.steps.values())


def _step(flow: Flow, step: FlowStep) -> StepOutline:
    found = [piece for _, piece in pieces(step.verb)]
    about = next(
        (str(piece) for piece in found if isinstance(piece, QueueName | FlowName | ConnectorName)), ""
    )
    prompts = next((piece for piece in found if isinstance(piece, Prompts)), None)
    heard = prompts.written() if prompts is not None else {}
    ways = tuple(dict.fromkeys(_ways(flow, step)))
    return StepOutline(step.id, step.verb.verb, about, heard, ways)


def _ways(flow: Flow, step: FlowStep) -> Iterator[Way]:
    if isinstance(step.verb, Split):
        shares = step.verb.ways
        for target, part in shares.items():
            yield Way(f"{100 * part / sum(shares.values()):.3g} %", _place(flow, str(target)))
        return
    named = [
        Way(" ".join(str(part) for part in path if part not in _SILENT), _place(flow, str(piece)))
        for path, piece in pieces(step.verb)
        if isinstance(piece, Target)
    ]
    yield from sorted(named, key=lambda way: way.label == "otherwise")  # after what was asked for
    if isinstance(step.verb, Question) and flow.human and not _uses_human_key(step.verb):
        yield Way(HUMAN_KEY, flow.human)
    if step.next and not _always_chooses(step.verb):
        yield Way("", _place(flow, step.next))


def _place(flow: Flow, target: str) -> str:
    return (flow.human or target) if target == "human" and target not in flow.steps else target


def _always_chooses(verb: Verb) -> bool:
    """Every outcome has a way of its own, so the step below does not follow."""
    match verb:
        case Hours():
            return bool(verb.open and verb.closed)  # without a way of their own, holidays are closed days
        case If():
            return verb.otherwise is not None
        case Switch():
            return verb.default is not None
        case Ask():
            return verb.go is not None
        case _:
            return False


def _uses_human_key(verb: Question) -> bool:
    return isinstance(verb, Menu) and HUMAN_KEY in verb.options
