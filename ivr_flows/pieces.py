"""The small things steps are made of: names of steps, queues and variables, and what is heard.

They are types of their own so that the checks find them wherever a verb uses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ivr_flows.effects import Prompt
from ivr_flows.spoken.filters import MANNER
from ivr_flows.spoken.manner import Manner
from ivr_flows.templates import Template

Path = tuple[str | int, ...]
RESERVED_TARGETS = ("human", "end")
RESERVED_VARIABLES = frozenset(
    {
        "now",
        "caller",
        "called",
        "contact",
        "queues",
        "data",
        "organisation",
        "medium",
        "value",
        "true",
        "false",
        "none",
    }
)
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_WORDS = re.compile(r"[^\W\d_]{2}")
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63}){0,2}")


class Name(str):
    """A word that names something; refused when it does not look like a name."""

    __slots__ = ()
    pattern: ClassVar[str] = r"[^\W\d][\w-]{0,63}"

    @classmethod
    def read(cls, raw: object) -> Self:
        if not isinstance(raw, str) or not re.fullmatch(cls.pattern, raw):
            raise PydanticCustomError("bad_name", "bad_name", {"name": str(raw)[:80]})
        return cls(raw)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{cls.pattern}$"}


class Target(Name):
    """A step of this flow, `human` (the flow's way to a person) or `end`."""

    __slots__ = ()


class QueueName(Name):
    __slots__ = ()


class FlowName(Name):
    __slots__ = ()


class ConnectorName(Name):
    __slots__ = ()


class VariableName(Name):
    __slots__ = ()
    pattern: ClassVar[str] = r"[^\W\d]\w{0,39}"

    @classmethod
    def read(cls, raw: object) -> Self:
        name = super().read(raw)
        if name in RESERVED_VARIABLES:
            raise PydanticCustomError("reserved_name", "reserved_name", {"name": str(name)})
        return name


class Language(Name):
    __slots__ = ()
    pattern: ClassVar[str] = _LANGUAGE.pattern


class Prompts:
    """What is heard: a text, `{es: …, en: …}`, `{file: name}`, or a list of these."""

    __slots__ = ("_items", "needs_values")

    def __init__(self, items: tuple[_Item, ...]) -> None:
        self._items = items
        self.needs_values = any(template.names for template in self.templates())

    def heard(
        self, values: Mapping[str, Any], language: str, default: str, manner: Callable[[str], Manner]
    ) -> tuple[Prompt, ...]:
        """Raises ExpressionError. Without the caller's language, the default one, else the first written.

        `manner`: how values are said in a language.
        """
        heard = (item.heard(values, language, default, manner) for item in self._items)
        return tuple(prompt for prompt in heard if prompt.file or (prompt.text and prompt.text.strip()))

    def missing(self, languages: tuple[str, ...]) -> set[str]:
        """The languages in which something here cannot be heard."""
        if len(languages) < 2:
            return set()
        alone = (
            len(self._items) == 1
        )  # one language beside others is a change of voice: "for English, press 9"
        spoken = [
            item for item in self._items if (alone or not item.is_one_voice()) and not item.is_neutral()
        ]
        return {language for item in spoken for language in languages if language not in item.by_language}

    def templates(self) -> Iterator[Template]:
        for item in self._items:
            yield from (piece for piece in item.by_language.values() if isinstance(piece, Template))

    def written(self) -> dict[str, str]:
        """As the designer wrote it, by language; "" where it holds for every language. Recordings by their names."""
        languages = dict.fromkeys(language for item in self._items for language in item.by_language)
        said = {language: [item.written(language) for item in self._items] for language in languages}
        return {language: " ".join(filter(None, parts)) for language, parts in said.items()}

    @classmethod
    def read(cls, raw: object) -> Self:
        items = raw if isinstance(raw, list) else [raw]
        if not 0 < len(items) <= 10:
            raise PydanticCustomError("bad_prompt", "bad_prompt")
        return cls(tuple(_Item.read(item) for item in items))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = Template.schema
        words = {
            "type": "object",
            "patternProperties": {f"^{_LANGUAGE.pattern}$": text},
            "additionalProperties": False,
        }
        recorded = {"anyOf": [{"type": "string"}, words]}
        file = {
            "type": "object",
            "properties": {"file": recorded},
            "required": ["file"],
            "additionalProperties": False,
        }
        item = {"anyOf": [text, words, file]}
        return {"anyOf": [*item["anyOf"], {"type": "array", "items": item, "minItems": 1, "maxItems": 10}]}


class _Item:
    """One thing heard, by language; "" holds for every language (a plain text says nothing about its own)."""

    __slots__ = ("by_language",)

    def __init__(self, by_language: dict[str, Template | str]) -> None:
        self.by_language = by_language

    def heard(
        self, values: Mapping[str, Any], language: str, default: str, manner: Callable[[str], Manner]
    ) -> Prompt:
        choices = self.by_language
        spoken = next((name for name in (language, default, "") if name in choices), next(iter(choices)))
        piece = choices[spoken]
        if isinstance(piece, Template):
            if MANNER in piece.names:  # in the text's own language, which the caller's need not be
                values = {**values, MANNER: manner(spoken or default)}
            return Prompt(text=piece.render(values), language=spoken or default)
        return Prompt(file=piece, language=spoken or language)

    def written(self, language: str) -> str:
        piece = self.by_language.get(language) or self.by_language.get("") or ""
        return piece.source if isinstance(piece, Template) else piece

    def is_one_voice(self) -> bool:
        return len(self.by_language) == 1 and "" not in self.by_language

    def is_neutral(self) -> bool:
        """A recording or a figure that is the same in every language."""
        only = self.by_language.get("")
        return isinstance(only, str) or (only is not None and not _WORDS.search(_BRACES.sub("", only.source)))

    @classmethod
    def read(cls, raw: object) -> _Item:
        if not isinstance(raw, dict):
            return cls({"": Template.read(raw)})
        if set(raw) == {"file"}:
            return cls._recorded(raw["file"])
        return cls({_language(name): Template.read(text) for name, text in _not_empty(raw).items()})

    @classmethod
    def _recorded(cls, raw: object) -> _Item:
        if not isinstance(raw, dict):
            name = _file(raw)  # one recording, whatever the language
            return cls({"": name})
        return cls({_language(language): _file(name) for language, name in _not_empty(raw).items()})


def pieces(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every name, template and prompt inside a step, with its path in the file."""
    if isinstance(value, BaseModel):
        for field, info in type(value).model_fields.items():
            yield from pieces(getattr(value, field), (*path, info.alias or field))
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            if isinstance(key, Name):
                yield (*path, str(key)), key
            yield from pieces(inside, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inside in enumerate(value):
            yield from pieces(inside, (*path, index))
    elif isinstance(value, Prompts):
        yield path, value
        for template in value.templates():
            yield path, template
    elif isinstance(value, Name | Template):
        yield path, value


def _not_empty(raw: dict[Any, Any]) -> dict[Any, Any]:
    if not raw:
        raise PydanticCustomError("bad_prompt", "bad_prompt")
    return raw


def _language(raw: object) -> str:
    if not isinstance(raw, str) or not _LANGUAGE.fullmatch(raw):
        raise PydanticCustomError("bad_language", "bad_language", {"name": str(raw)[:80]})
    return raw


def _file(raw: object) -> str:
    if not isinstance(raw, str) or not _FILE.fullmatch(raw):
        raise PydanticCustomError("bad_file", "bad_file", {"name": str(raw)[:80]})
    return raw
