"""From one file's plain data to a Flow, noting every problem with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr_flows.flow import Flow, FlowStep
from ivr_flows.pieces import RESERVED_TARGETS, Language, Name, Path, Target, VariableName
from ivr_flows.problem_texts import TEXTS
from ivr_flows.problems import nearest
from ivr_flows.verbs import VERBS, Verb
from ivr_flows.verbs.ask import Ask
from ivr_flows.verbs.confirm import Confirm
from ivr_flows.yaml_source import Source

MAX_STEPS = 500
Model = TypeVar("Model", bound=BaseModel)


class FlowHeader(BaseModel):
    """What is written above the steps. `languages` are those every text must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | dict[Language, str] = ""
    languages: list[Language] = Field(default=[Language("es")], min_length=1, max_length=10)
    start: Target | None = None
    human: Target | None = None
    arguments: list[VariableName] = Field(default=[], max_length=30)


class StepCommon(BaseModel):
    """What any step may carry beside its verb."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    next: Target | None = None
    note: str = ""  # for whoever reads the flow


def read_flow(name: str, source: Source) -> Flow | None:
    """None when it cannot be run; the reasons are in `source.problems`."""
    if source.problems:
        return None
    if not isinstance(source.data, dict):
        source.problem("not_a_mapping")
        return None
    raw = dict(source.data)
    raw_steps = raw.pop("steps", None)
    header = _validated(source, (), FlowHeader, raw)
    steps = _read_steps(source, raw_steps)
    if header is None or not steps or source.problems:
        return None
    title = header.title if isinstance(header.title, dict) else {str(header.languages[0]): header.title}
    return Flow(
        name=name,
        title={str(language): text for language, text in title.items()},
        languages=tuple(map(str, header.languages)),
        start=str(header.start or next(iter(steps))),
        human=str(header.human) if header.human else None,
        arguments=tuple(map(str, header.arguments)),
        steps=steps,
    )


def _read_steps(source: Source, raw: Any) -> dict[str, FlowStep]:
    if raw is None:
        source.problem("missing_field", name="steps")
        return {}
    if not isinstance(raw, dict) or not raw:
        source.problem("not_a_mapping", ("steps",))
        return {}
    if len(raw) > MAX_STEPS:
        source.problem("template_too_long", ("steps",), length=len(raw), limit=MAX_STEPS)
        return {}
    steps: dict[str, FlowStep] = {}
    below = [*list(raw)[1:], None]
    for (step_id, body), following in zip(raw.items(), below, strict=True):
        step = _read_step(source, step_id, body, following)
        if step is not None:
            steps[step_id] = _with_question(source, step, steps)
    return steps


def _with_question(source: Source, step: FlowStep, above: dict[str, FlowStep]) -> FlowStep:
    """A confirmation goes back to the ask above it that gave its value, else to the nearest one."""
    verb = step.verb
    if not isinstance(verb, Confirm) or verb.again_step is not None:
        return step
    asks = [each for each in reversed(above.values()) if isinstance(each.verb, Ask)]
    said = verb.value.names if verb.value is not None else frozenset()
    gave = [each for each in asks if isinstance(each.verb, Ask) and each.verb.into in said]
    if not asks:
        source.problem("confirm_without_ask", ("steps", step.id, "confirm"))
        return step
    question = Target((gave or asks)[0].id)
    return replace(step, verb=verb.model_copy(update={"again_step": question}))


def _read_step(source: Source, step_id: str, body: Any, following: str | None) -> FlowStep | None:
    path: Path = ("steps", step_id)
    try:
        Name.read(step_id)
    except ValueError:
        source.problem("bad_name", path, key=True, name=step_id[:80])
        return None
    if step_id in RESERVED_TARGETS:
        source.problem("reserved_name", path, key=True, name=step_id)
        return None
    if not isinstance(body, dict):
        source.problem("not_a_mapping", path)
        return None
    word = _verb_of(source, path, body)
    if word is None:
        return None
    common = _validated(source, path, StepCommon, {key: value for key, value in body.items() if key != word})
    verb = _parsed(source, (*path, word), VERBS[word], body[word])
    if common is None or verb is None:
        return None
    return FlowStep(step_id, verb, common.next or (following if verb.falls_through else None))


def _verb_of(source: Source, path: Path, body: dict[str, Any]) -> str | None:
    words = [key for key in body if key in VERBS]
    unknown = [key for key in body if key not in VERBS and key not in StepCommon.model_fields]
    if len(words) > 1:
        source.problem("two_verbs", (*path, words[1]), key=True, step=path[-1], verbs=", ".join(words))
    elif not words and unknown:
        source.problem(
            "unknown_verb", (*path, unknown[0]), key=True, name=unknown[0], nearest=nearest(unknown[0], VERBS)
        )
    elif not words:
        source.problem("no_verb", path, key=True, step=path[-1], verbs=", ".join(VERBS))
    return words[0] if len(words) == 1 else None


def _parsed(source: Source, path: Path, verb: type[Verb], raw: Any) -> Verb | None:
    try:
        return verb.parse(raw)
    except ValidationError as errors:
        note_errors(source, path, errors, verb.field_names())
        return None


def _validated(source: Source, path: Path, model: type[Model], raw: Any) -> Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError as errors:
        known = set(model.model_fields) | (set(VERBS) if model is StepCommon else {"steps"})
        note_errors(source, path, errors, known)
        return None


def note_errors(source: Source, path: Path, errors: ValidationError, known: set[str]) -> None:
    """Turn pydantic's list into problems with lines. At most ten a step: the rest follows from them."""
    for error in errors.errors(include_url=False)[:10]:
        where: Path = (*path, *error["loc"])
        name = str(error["loc"][-1])[:80] if error["loc"] else ""
        data = dict(error.get("ctx", {}))
        if "field" in data:  # the whole step was looked at, but one line of it is wrong
            where = (*where, str(data.pop("field")))
        if error["type"] == "extra_forbidden":
            source.problem("unknown_field", where, key=True, name=name, nearest=nearest(name, known))
        elif error["type"] == "missing":
            source.problem("missing_field", where, key=True, name=name)
        elif error["type"] in TEXTS:
            source.problem(error["type"], where, **data)
        elif error["type"] in ("model_type", "dict_type"):
            source.problem("not_a_mapping", where)
        else:
            source.problem("wrong_value", where, value=repr(error["input"])[:60], detail=error["msg"])
