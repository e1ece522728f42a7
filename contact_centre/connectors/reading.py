"""Read the descriptions beside a centre's flows, and say all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contact_centre.connectors.answers import AnswerError, results_of
from contact_centre.connectors.description import Description, Operation, Soap
from contact_centre.connectors.hard_xml import BadXmlError, read_xml
from contact_centre.connectors.places import host_of
from contact_centre.connectors.requests import envelope
from ivr_flows import OperationView, Problem
from ivr_flows.pieces import Name, pieces
from ivr_flows.pieces import Path as Place
from ivr_flows.problems import nearest
from ivr_flows.reading import note_errors
from ivr_flows.templates import Template
from ivr_flows.yaml_source import MAX_BYTES, Source, read_source

FOLDER = "connectors"  # inside the folder of a centre's flows
MAX_FILES = 100
ANSWER_NAMES = frozenset({"answer", "status"})


@dataclass(frozen=True, slots=True)
class Shelf:
    """The usable descriptions by name, and everything wrong with the folder."""

    descriptions: Mapping[str, Description]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    def told(self) -> tuple[dict[str, dict[str, OperationView]], tuple[Problem, ...]]:
        return self.views(), self.problems

    def views(self) -> dict[str, dict[str, OperationView]]:
        """As the checks of flows know them."""
        return {name: description.view() for name, description in self.descriptions.items()}


def read_beside(flows: Path) -> Shelf:
    """What is described beside the flows of this folder; a centre without such a folder has no connectors."""
    folder = flows / FOLDER
    return read_connectors(folder) if folder.is_dir() else Shelf({}, ())


def read_connectors(folder: Path) -> Shelf:
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
        contents = {str(path): _start_of(path) for path in files[:MAX_FILES]}
    except OSError as error:
        return Shelf({}, (Problem(str(folder), 1, 1, "unreadable", data={"detail": error.strerror or "?"}),))
    shelf = read_texts(contents)
    if len(files) > MAX_FILES:
        data = {"count": len(files), "limit": MAX_FILES}
        return Shelf(
            shelf.descriptions,
            (*shelf.problems, Problem(str(folder), 1, 1, "too_many_connectors", data=data)),
        )
    return shelf


def read_texts(contents: Mapping[str, bytes]) -> Shelf:
    """The same from memory: file name → YAML."""
    descriptions: dict[str, Description] = {}
    problems: list[Problem] = []
    for file, raw in contents.items():
        source, name = read_source(file, raw), Path(file).stem
        try:
            Name.read(name)
        except ValueError:
            source.problem("bad_name", name=name[:80])
        if name in descriptions:
            source.problem("duplicate_key", name=name[:80], first=1)
        description = _description(source)
        if description is not None:
            descriptions[name] = description
        problems += source.problems
    problems.sort(key=lambda problem: (problem.file, problem.severity, problem.line, problem.column))
    return Shelf(descriptions, tuple(problems))


def _start_of(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _description(source: Source) -> Description | None:
    if source.problems:
        return None
    if not isinstance(source.data, dict):
        source.problem("not_a_mapping")
        return None
    try:
        description = Description.model_validate(source.data)
    except ValidationError as errors:
        known = {*Description.model_fields, *Operation.model_fields}
        note_errors(source, (), errors, known)
        return None
    _check_base(description, source)
    for name, operation in description.operations.items():
        _check_operation(operation, source, ("operations", str(name)))
    return None if any(problem.severity == "error" for problem in source.problems) else description


def _check_base(description: Description, source: Source) -> None:
    host = host_of(description.base)
    if not description.allow.host(host):
        source.problem("base_not_allowed", ("base",), host=host)
    elif description.base.startswith("http://") and description.authentication.kind != "none":
        source.problem("plain_http", ("base",), warning=True)


def _check_operation(operation: Operation, source: Source, path: Place) -> None:
    known = {str(name) for name in operation.arguments}
    where = (*path, operation.method.lower()) if operation.soap is None else (*path, "soap", "path")
    for name in operation.in_path:
        if name not in known:
            source.problem("unknown_in_template", where, name=name, known=", ".join(sorted(known)) or "-")
    for place, name in _unknown_names(operation, known):
        names = ANSWER_NAMES if place[0] in ("result", "not_found") else known
        source.problem(
            "unknown_in_template", (*path, *place), name=name, known=", ".join(sorted(names)) or "-"
        )
    if operation.body is not None and (operation.method not in ("POST", "PUT", "PATCH") or operation.soap):
        source.problem("no_body", (*path, "body"), key=True)
    if operation.cache_s and operation.changes:
        source.problem("cache_of_change", (*path, "cache_s"), key=True)
    if operation.soap is not None:
        _check_soap(operation, operation.soap, source, (*path, "soap", "body"))
    if not operation.example:
        source.problem("no_example", path, key=True, warning=True, name=path[-1])
    if not any(problem.severity == "error" for problem in source.problems):
        _check_examples(operation, source, path, known)


def _unknown_names(operation: Operation, known: set[str]) -> Iterator[tuple[Place, str]]:
    asked: dict[str, object] = {"query": operation.query, "body": operation.body}
    if operation.soap is not None:
        asked["soap"] = {"body": operation.soap.body}
    for allowed, parts in ((known, asked), (ANSWER_NAMES, {"result": operation.result})):
        for place, piece in pieces(parts):
            if isinstance(piece, Template):
                yield from ((place, name) for name in sorted(piece.names - allowed))
    rule = operation.not_found
    if rule is not None and rule.condition is not None:
        yield from ((("not_found",), name) for name in sorted(rule.condition.names - ANSWER_NAMES))


def _check_soap(operation: Operation, soap: Soap, source: Source, path: Place) -> None:
    try:
        read_xml(envelope(soap, dict.fromkeys(map(str, operation.arguments), "1")))
    except (BadXmlError, AnswerError) as error:
        source.problem("soap_body", path, detail=str(error))


def _check_examples(operation: Operation, source: Source, path: Place, known: set[str]) -> None:
    several = isinstance(source.data["operations"][path[1]].get("example"), list)
    for index, example in enumerate(operation.example):
        place: Place = (*path, "example", index) if several else (*path, "example")
        for name in example.when:
            if name not in known:
                near = nearest(name, known)
                source.problem(
                    "unknown_example_argument",
                    (*place, "when", str(name)),
                    key=True,
                    name=str(name),
                    nearest=near,
                )
        if example.status < 300:
            try:
                results_of(operation, example.status, example.answer)
            except AnswerError as error:
                source.problem("bad_example", place, detail=error.detail)
