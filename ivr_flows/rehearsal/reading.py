"""From a test's file to its stories, every problem with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ivr_flows.flow import Flow
from ivr_flows.loading import TESTS
from ivr_flows.problems import Problem, nearest
from ivr_flows.reading import note_errors
from ivr_flows.rehearsal.story import Given, Line, Stories, Story, Whose
from ivr_flows.yaml_source import MAX_BYTES, Source, read_source

MAX_FILES = 300


@dataclass(frozen=True, slots=True)
class Case:
    """`places`: the line in the file of each line of the story; `line`: of its name."""

    file: str
    flow: str
    name: str
    line: int
    organisation: Whose
    given: Given
    never: tuple[str, ...]
    story: tuple[Line, ...]
    places: tuple[int, ...]


@dataclass(slots=True)
class Cases:
    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_cases(folder: Path, flows: Mapping[str, Flow]) -> Cases:
    """The tests beside the flows: `demo.test.yaml`, or several `demo.<anything>.test.yaml`, test the flow `demo`."""
    found = Cases()
    try:
        files = sorted(path for path in folder.iterdir() if path.name.endswith(TESTS))[:MAX_FILES]
        for path in files:
            with path.open("rb") as opened:
                raw = opened.read(MAX_BYTES + 1)
            _read(found, str(path), raw, flows)
    except OSError as error:
        found.problems.append(
            Problem(str(error.filename or folder), 1, 1, "unreadable", data={"detail": error.strerror or "?"})
        )
    return found


def _read(found: Cases, file: str, raw: bytes, flows: Mapping[str, Flow]) -> None:
    source = read_source(file, raw)
    stories = None if source.problems else _stories(source)
    if stories is not None:
        flow = str(stories.flow or Path(file).name.removesuffix(TESTS).partition(".")[0])
        if flow not in flows:
            source.problem("unknown_flow", ("flow",), name=flow, nearest=nearest(flow, flows))
        else:
            found.cases += [_case(source, flow, stories, name) for name in stories.tests]
    found.problems += source.problems


def _stories(source: Source) -> Stories | None:
    if not isinstance(source.data, dict):
        source.problem("not_a_mapping")
        return None
    try:
        return Stories.model_validate(source.data)
    except ValidationError as errors:
        words = (
            set(Stories.model_fields)
            | set(Story.model_fields)
            | set(Line.model_fields)
            | set(Given.model_fields)
        )
        note_errors(source, (), errors, words)
        return None


def _case(source: Source, flow: str, stories: Stories, name: str) -> Case:
    story, path = stories.tests[name], ("tests", name)
    inside = (*path, "story") if source.is_written((*path, "story")) else path
    return Case(
        file=source.file,
        flow=flow,
        name=name,
        line=source.place(path, key=True)[0],
        organisation=stories.organisation,
        given=story.given.over(stories.given),
        never=(*stories.never, *story.never),
        story=tuple(story.story),
        places=tuple(source.place((*inside, index))[0] for index in range(len(story.story))),
    )
