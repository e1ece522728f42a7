"""Texts and expressions written by designers, run where they can do no harm.

A short list of allowed syntax instead of a list of forbidden tricks: no loops, no calls, no attributes of
Python objects, no powers. What is left takes time proportional to its length, which is bounded too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from jinja2 import ChainableUndefined, nodes
from jinja2.exceptions import TemplateError
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ivr_flows.errors import ExpressionError
from ivr_flows.spoken.filters import FILTERS, MANNER

MAX_SOURCE = 2_000  # characters
MAX_OUTPUT = 4_000  # characters
MAX_NODES = 300
MAX_DEPTH = 40
MAX_NUMBER = 10**15
UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_OPEN = re.compile(r"\{[{%#]")
_WHOLE = re.compile(r"\s*\{\{(?P<inside>(?:(?!\{\{|\}\}).)*)\}\}\s*", re.DOTALL)

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Name, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.Getattr, nodes.Getitem, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Neg, nodes.Pos, nodes.Concat, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip


class _Room(ImmutableSandboxedEnvironment):
    """Values are plain JSON: an attribute is a key of a mapping, an item of a list, or nothing."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple | str) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else self.undefined()
        return self.undefined(name=str(argument)[:100])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        if not _is_number(left) or not _is_number(right):
            raise ExpressionError(f"{operator} only works on numbers")
        if operator == "**":
            raise ExpressionError("powers are not allowed")
        return _bounded(super().call_binop(context, operator, left, right))


class Template:
    """A text with `{{ … }}` in it, compiled once. Raises ExpressionError when it cannot be rendered."""

    __slots__ = ("_run", "names", "source")
    schema: ClassVar[dict[str, Any]] = {"type": "string", "maxLength": MAX_SOURCE}

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: frozenset[str] = frozenset()
        self._run: Any = None
        if len(source) > MAX_SOURCE:
            raise _refusal("template_too_long", length=len(source), limit=MAX_SOURCE)
        if _OPEN.search(source):
            self._compile(source)

    def render(self, values: Mapping[str, Any]) -> str:
        if self._run is None:
            return self.source
        try:
            text = str(self._run.render(values))
        except ExpressionError:
            raise
        except Exception as error:  # whatever a designer's text can raise is this text's fault
            raise ExpressionError(f"{type(error).__name__} in {self.source[:80]!r}") from error
        return sayable(str(_bounded(text)))

    def _compile(self, source: str) -> None:
        try:
            tree = _ENVIRONMENT.parse(source)
            _check(tree)
            self.names = _names(tree)
            self._run = _ENVIRONMENT.from_string(source)
        except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
            raise _refusal("template_syntax", detail=_first_line(error)) from error

    @classmethod
    def read(cls, raw: object) -> Self:
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise _refusal("not_text", got=type(raw).__name__)
        return cls(str(raw))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(cls.schema)


class Expression(Template):
    """A condition or a value, with or without its braces: `now.hour < 12`. Gives a plain JSON value."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": ["string", "number", "boolean"], "maxLength": MAX_SOURCE}

    def __init__(self, source: str) -> None:
        whole = _WHOLE.fullmatch(source)
        super().__init__(whole["inside"].strip() if whole else source)
        if self._run is None:
            self._compile(self.source)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        try:
            value = self._run(**values)
        except ExpressionError:
            raise
        except Exception as error:  # as in `render`
            raise ExpressionError(f"{type(error).__name__} in {self.source[:80]!r}") from error
        return _bounded(value)

    def _compile(self, source: str) -> None:
        try:
            parser = Parser(_ENVIRONMENT, source, state="variable")
            tree = nodes.Template([nodes.Output([parser.parse_expression()])])
            tree.set_environment(_ENVIRONMENT)
            _check(tree)
            self.names = _names(tree)
            self._run = _ENVIRONMENT.compile_expression(source, undefined_to_none=True)
        except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
            raise _refusal("template_syntax", detail=_first_line(error)) from error

    @classmethod
    def read(cls, raw: object) -> Self:
        return cls(str(raw).lower()) if isinstance(raw, bool) else super().read(raw)


class Value(Template):
    """What `set` stores: a number or truth as written, a text, or, all in `{{ … }}`, that value."""

    __slots__ = ("_constant", "_expression")
    schema: ClassVar[dict[str, Any]] = {
        "type": ["string", "number", "boolean", "null"],
        "maxLength": MAX_SOURCE,
    }

    def __init__(self, source: str, constant: Any = None) -> None:
        self._constant = constant
        self._expression = Expression(source) if _WHOLE.fullmatch(source) else None
        super().__init__(source if self._expression is None else "")
        if self._expression is not None:
            self.source, self.names = source, self._expression.names

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        if self._expression is not None:
            return self._expression.evaluate(values)
        return self._constant if self._constant is not None else self.render(values)

    @classmethod
    def read(cls, raw: object) -> Self:
        if isinstance(raw, bool | int | float):
            return cls("", raw)
        return cls("") if raw is None else super().read(raw)


def sayable(text: str) -> str:
    """Without control characters and broken halves of characters: what a customer is called may hold anything."""
    return UNSAYABLE.sub(" ", text)


def _replace(text: object, old: object, new: object) -> Any:
    source, piece, by = str(text), str(old), str(new)
    if not piece or len(source) + source.count(piece) * len(by) > MAX_OUTPUT:
        raise ExpressionError("replace would give too long a text")
    return source.replace(piece, by)


def _round(value: Any, digits: int = 0) -> Any:
    if not 0 <= digits <= 6:
        raise ExpressionError("round takes 0 to 6 digits")
    return round(float(value), digits) if digits else round(float(value))


def _join(items: Any, separator: object = "") -> Any:
    return _bounded(str(separator).join(str(item) for item in list(items)[:200]))


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_OUTPUT:
        raise ExpressionError(f"a text grew beyond {MAX_OUTPUT} characters")
    if _is_number(value) and not abs(value) <= MAX_NUMBER:
        raise ExpressionError(f"a number grew beyond {MAX_NUMBER}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(tree: nodes.Template) -> frozenset[str]:
    """The values it needs; to say one in words or figures, also who hears it."""
    says = any(node.name in FILTERS for node in tree.find_all(nodes.Filter))
    return frozenset(find_undeclared_variables(tree)) | ({MANNER} if says else set())


def _check(tree: nodes.Template) -> None:
    """Refuse any syntax that is not on the list, and trees too big to be a sentence."""
    for count, (node, depth) in enumerate(_walk(tree), start=1):
        if not isinstance(node, _ALLOWED):
            raise _refusal("template_forbidden", what=type(node).__name__)
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise _refusal("template_forbidden", what=node.attr[:60])
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise _refusal("template_too_long", length=count, limit=MAX_NODES)


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    pending = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in node.iter_child_nodes())


def _refusal(code: str, **data: object) -> PydanticCustomError:
    return PydanticCustomError(code, code, data)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


_FILTERS = (
    *("default", "d", "upper", "lower", "capitalize", "title", "trim", "string"),
    *("length", "count", "first", "last", "int", "float", "abs"),
)
_TESTS = ("defined", "undefined", "none", "string", "number", "in", "even", "odd", "true", "false")
_ENVIRONMENT = _Room(undefined=ChainableUndefined, autoescape=False, cache_size=0)
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in _FILTERS} | {
    "replace": _replace, "round": _round, "join": _join,
} | FILTERS  # fmt: skip
_ENVIRONMENT.tests = {name: _ENVIRONMENT.tests[name] for name in _TESTS}
_ENVIRONMENT.globals = {}
