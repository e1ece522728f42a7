"""Read a flow's file into plain data that still knows its lines. Hostile files cost little and say why.

Keys are always text, so `1:` and `"1":` are the same key of a menu. Numbers with leading zeros stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ivr_flows.pieces import Path
from ivr_flows.problems import Problem
from ivr_flows.templates import UNSAYABLE

MAX_BYTES = 64 * 1024
MAX_MARKS = 5_000  # commas, brackets, lines: ruamel.yaml reads some 30 000 values a second
MAX_DEPTH = 30
_INT = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,10}")
Place = tuple[int, int]  # line and column, from 1


@dataclass(slots=True)
class Source:
    """`data` is plain JSON; `problems` is empty when the file could be read whole."""

    file: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    _keys: dict[Path, Place] = field(default_factory=dict)
    _values: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where `path` is written; parts that are not in the file (short forms) are passed over."""
        known: Path = ()
        for part in path:
            if (*known, part) in self._values:
                known = (*known, part)
        return (self._keys if key else self._values).get(known) or self._values.get(known, (1, 1))

    def is_written(self, path: Path) -> bool:
        return path in self._values

    def problem(
        self, code: str, path: Path = (), *, key: bool = False, warning: bool = False, **data: object
    ) -> None:
        line, column = self.place(path, key=key)
        self.problems.append(Problem(self.file, line, column, code, "warning" if warning else "error", data))


def read_source(file: str, raw: bytes) -> Source:
    source = Source(file)
    if len(raw) > MAX_BYTES:
        source.problem("file_too_large", size=len(raw), limit=MAX_BYTES)
        return source
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        source.problems.append(Problem(file, line, 1, "not_utf8", "error", {}))
        return source
    node = _compose(source, text)
    if node is not None:
        source.data = _Reader(source).read(node, ())
    return source


def _compose(source: Source, text: str) -> Node | None:
    marks = sum(map(text.count, ",[{\n"))
    if marks > MAX_MARKS:
        source.problem("too_many_values", count=marks, limit=MAX_MARKS)
        return None
    depth = max((len(line) - len(line.lstrip(" -")) for line in text.splitlines()), default=0)
    if depth > 200 or text.count("[") > 500:
        source.problem("too_deep", limit=MAX_DEPTH)
        return None
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        source.problem("too_deep", limit=MAX_DEPTH)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        detail = " ".join(part for part in (error.problem, error.context) if part)
        source.problems.append(
            Problem(source.file, line, column, "yaml_syntax", data={"detail": detail[:200]})
        )
    except (YAMLError, ValueError) as error:
        source.problem("yaml_syntax", detail=str(error).splitlines()[0][:200])
    else:
        if node is None:
            source.problem("file_empty")
        return node
    return None


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, node: Node, path: Path) -> Any:
        source = self._source
        source._values[path] = _place(node)
        if node.anchor is not None:
            source.problem("yaml_alias", path, name=str(node.anchor))
            return None
        if len(path) > MAX_DEPTH:
            source.problem("too_deep", path, limit=MAX_DEPTH)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        node.value = self._sayable(node, path)
        return _scalar(node)

    def _sayable(self, node: Node, path: Path) -> str:
        """Escapes such as \\u0000 are no way to smuggle in what the file itself may not hold."""
        text = str(node.value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if UNSAYABLE.search(text) or "\ufffd" in text:
            self._source.problem("bad_character", path)
            return UNSAYABLE.sub("", text)
        return text

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._sayable(key_node, path) if isinstance(key_node, ScalarNode) else ""
            inside = (*path, key)
            if key in result:
                line, column = _place(key_node)
                data = {"name": key[:80], "first": self._source._keys[inside][0]}
                self._source.problems.append(
                    Problem(self._source.file, line, column, "duplicate_key", data=data)
                )
                continue
            self._source._keys[inside] = _place(key_node)
            result[key] = None  # so that a refused value still counts as written
            result[key] = self.read(value_node, inside)
        return result


def _scalar(node: Node) -> str | int | float | bool | None:
    text = str(node.value)
    tag = str(node.tag).rpartition(":")[2]
    if getattr(node, "style", None) in ("'", '"', "|", ">") or tag in ("str", "timestamp"):
        return text
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int" and _INT.fullmatch(text):
        return int(text)
    if tag == "float" and _FLOAT.fullmatch(text):
        return float(text)
    return text


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
