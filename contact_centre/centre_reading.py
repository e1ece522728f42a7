"""Reads and first writes `<home>/centre.yaml`; what is wrong is told with file, line and remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from contact_centre.centre_file import Centre
from contact_centre.settings import Settings
from voice_core.errors import InvalidInputError, UnwritableError
from voice_core.whole_file import create_whole

NAME = "centre.yaml"
LONGEST_FILE = 1_000_000  # bytes


def ensure_centre_file(settings: Settings) -> Path:
    """`<home>/centre.yaml`, made from the demo organisation on the first run. Raises UnwritableError."""
    path = settings.home / NAME
    if path.exists():
        return path
    demo = Template((files("contact_centre") / "demo" / NAME).read_text(encoding="utf-8"))
    text = demo.substitute(trunk_host=settings.trunk_host, trunk_port=settings.trunk_port)
    try:
        create_whole(path, text)  # readable by its owner only: trunks' passwords are written here
    except OSError as error:
        raise UnwritableError(path, error.strerror) from error
    return path


def load_centre(path: Path) -> Centre:
    """Raises InvalidInputError, one line a problem: `file:line: what is wrong; what to do`."""
    read = _parse(path)
    try:
        return Centre.model_validate(read)
    except ValidationError as error:
        lines = [_problem(path, read, dict(problem)) for problem in error.errors(include_url=False)]
        raise InvalidInputError("\n".join(lines), problems=lines) from None


def require_flows(path: Path, centre: Centre, flows: Collection[str]) -> None:
    """Every flow the centre file names is there: a typo would be heard by each caller as a fault.

    Raises InvalidInputError, one line a problem, as `load_centre`.
    """
    named: list[tuple[tuple[int | str, ...], str | None]] = [
        (("numbers", place, "flow"), entry.flow) for place, entry in enumerate(centre.numbers)
    ]
    for place, queue in enumerate(centre.queues):
        named += [
            (("queues", place, "overflow", n, "to_flow"), rule.to_flow)
            for n, rule in enumerate(queue.overflow)
        ]
    missing = [(place, name) for place, name in named if name is not None and name not in flows]
    if missing:
        read = _parse(path)
        lines = [_no_flow(path, read, place, name, flows) for place, name in missing]
        raise InvalidInputError("\n".join(lines), problems=lines)


def _no_flow(path: Path, read: Any, place: Sequence[int | str], name: str, flows: Collection[str]) -> str:
    near = get_close_matches(name, flows, n=1)
    remedy = (
        f"did you mean `{near[0]}`?"
        if near
        else f"write it as {name}.yaml, or name one of {', '.join(flows)}"
    )
    where = ".".join(str(part) for part in place)
    return f"{path}:{_line(read, place)}: {where}: there is no flow {name!r}; {remedy}"


def _parse(path: Path) -> Any:
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise InvalidInputError(f"{path}: larger than {LONGEST_FILE} bytes")
        read = YAML().load(path)
    except MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise InvalidInputError(f"{path}:{line}: not YAML: {error.problem or error.context}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path}:1: not YAML: {error}") from error
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(read, CommentedMap):
        raise InvalidInputError(f"{path}:1: must begin with `organisation:`")
    return read


def _problem(path: Path, read: CommentedMap, error: Mapping[str, Any]) -> str:
    place = tuple(error["loc"])
    what = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _allowed(place[:-1]), n=1)
        what = f"`{place[-1]}` is not known here; " + (f"did you mean `{near[0]}`?" if near else "remove it")
    elif error["type"] == "missing":
        what = f"`{place[-1]}` is missing; add it"
    elif error["type"] == "string_pattern_mismatch":
        what = f"{error['input']!r} is not written as it must be ({error['ctx']['pattern']})"
    named = ".".join(str(part) for part in place)
    return f"{path}:{_line(read, place)}: {named + ': ' if named else ''}{what}"


def _line(read: Any, place: Sequence[int | str]) -> int:
    """The line of the deepest part of `place` that is in the file, from 1."""
    line, node = 1, read
    for part in place:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
        else:
            break
        node = node[part]
    return line


def _allowed(place: Sequence[int | str]) -> list[str]:
    """The names the model knows at `place`."""
    model: type[BaseModel] = Centre
    for part in (part for part in place if isinstance(part, str)):
        field = model.model_fields.get(part)
        inside = _model_in(field.annotation) if field is not None else None
        if inside is None:
            return []
        model = inside
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
