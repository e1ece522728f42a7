"""The API's models of flows."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from contact_centre.flows.service import Listed, Shelf
from contact_centre.schema import Answer
from ivr_flows import Problem, StepOutline, outline


class WayOut(Answer):
    """`label`: the key pressed, "closed", "otherwise" …; "" simply goes on. `to`: a step, or "end"."""

    label: str
    to: str


class FlowStepOut(Answer):
    """`about`: the queue or flow it leads into. `heard`: what is said first, by language, as written."""

    id: str
    verb: str
    about: str
    heard: dict[str, str]
    ways: list[WayOut]


class FlowProblemOut(Answer):
    """`message` and `remedy` by language; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: dict[str, str]
    remedy: dict[str, str]


class FlowNumberOut(Answer):
    number: str
    label: dict[str, str]


class FlowOut(Answer):
    """`usable` is False when its file is missing or too wrong to be read: then there are no steps."""

    name: str
    usable: bool
    title: dict[str, str]
    languages: list[str]
    numbers: list[FlowNumberOut]
    start: str
    human: str | None
    steps: list[FlowStepOut]
    problems: list[FlowProblemOut]


class FlowsOut(Answer):
    """The files as they are now, those that numbers lead into first. `problems` are of the folder itself."""

    flows: list[FlowOut]
    problems: list[FlowProblemOut]


def flows_out(shelf: Shelf) -> FlowsOut:
    return FlowsOut(
        flows=[_flow(listed) for listed in shelf.listed],
        problems=[_problem(problem) for problem in shelf.problems],
    )


def _flow(listed: Listed) -> FlowOut:
    flow = listed.flow
    return FlowOut(
        name=listed.name,
        usable=flow is not None,
        title=dict(flow.title) if flow else {},
        languages=list(flow.languages) if flow else [],
        numbers=[FlowNumberOut(number=entry.number, label=dict(entry.label)) for entry in listed.numbers],
        start=flow.start if flow else "",
        human=flow.human if flow else None,
        steps=[_step(step) for step in outline(flow)] if flow else [],
        problems=[_problem(problem) for problem in listed.problems],
    )


def _step(step: StepOutline) -> FlowStepOut:
    ways = [WayOut(label=way.label, to=way.to) for way in step.ways]
    return FlowStepOut(id=step.id, verb=step.verb, about=step.about, heard=step.heard, ways=ways)


def _problem(problem: Problem) -> FlowProblemOut:
    words = {language: problem.words(language) for language in ("es", "en")}
    return FlowProblemOut(
        file=Path(problem.file).name,  # where it lies on the server is nobody's business
        line=problem.line,
        column=problem.column,
        severity=problem.severity,
        code=problem.code,
        message={language: message for language, (message, _) in words.items()},
        remedy={language: remedy for language, (_, remedy) in words.items()},
    )
