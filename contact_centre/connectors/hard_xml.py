"""XML from strangers into plain data. No document type, so no entities: neither bombs nor files of ours nor requests.

The standard library's expat, driven directly: a package for this would add nothing but the same refusals.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat

MAX_DEPTH = 30
MAX_ELEMENTS = 5_000
_SEPARATOR = " "  # between namespace and name; in neither


class BadXmlError(Exception):
    """Not XML, or XML that is refused."""


class _Element:
    __slots__ = ("children", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.children: dict[str, Any] = {}

    def add(self, name: str, value: Any) -> None:
        """One element under its name; several of a name make a list."""
        if name not in self.children:
            self.children[name] = value
        elif isinstance(self.children[name], list):
            self.children[name].append(value)
        else:
            self.children[name] = [self.children[name], value]

    def plain(self) -> Any:
        return self.children or "".join(self.text).strip()


class _Reader:
    def __init__(self) -> None:
        self.root = _Element()
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) > MAX_DEPTH:
            raise BadXmlError("too many elements, or too deep")
        self._open.append(_Element())
        for attribute, value in attributes.items():
            if "XMLSchema-instance" not in attribute:
                self._open[-1].add(f"@{_local(attribute)}", value)

    def end(self, name: str) -> None:
        element = self._open.pop()
        self._open[-1].add(_local(name), element.plain())

    def characters(self, text: str) -> None:
        self._open[-1].text.append(text)


def read_xml(raw: bytes) -> dict[str, Any]:
    """Elements by their local names: texts, mappings, lists where a name repeats; attributes as `@name`.

    Raises BadXmlError.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadXmlError(str(error)[:200]) from error
    return reader.root.children


def _refuse(*_: object) -> NoReturn:
    raise BadXmlError("a document type is refused")


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]
