"""What is written of one system in `connectors/<name>.yaml`: where it is, how it is asked, what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from contact_centre.connectors.places import Allowed, read_allowed, read_base
from ivr_flows import OperationView
from ivr_flows.pieces import Language, Name
from ivr_flows.templates import Expression, Template, Value, sayable

METHODS = ("get", "post", "put", "delete", "patch")
MAX_BODY_DEPTH = 10
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@%/-]|\{\w{1,64}\})*")
_PLACE = re.compile(r"\{(\w+)\}")

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), AfterValidator(sayable)
]
Label = dict[Language, Text]
Status = Annotated[int, Field(ge=100, le=599)]


def _path(raw: str) -> str:
    if not _PATH.fullmatch(raw) or len(raw) > 500 or "//" in raw or _climbs(raw):
        raise PydanticCustomError("bad_path", "bad_path", {"name": raw[:80]})
    return raw


def _climbs(path: str) -> bool:
    return any(part in (".", "..") or "%2e" in part.lower() for part in path.split("/"))


def _templates(raw: Any, depth: int = 0) -> Any:
    """A body as it will be sent: each text may hold templates, each leaf is a Value."""
    if depth > MAX_BODY_DEPTH:
        raise PydanticCustomError("too_deep", "too_deep", {"limit": MAX_BODY_DEPTH})
    if isinstance(raw, dict):
        return {str(key): _templates(inside, depth + 1) for key, inside in raw.items()}
    if isinstance(raw, list):
        return [_templates(inside, depth + 1) for inside in raw]
    return Value.read(raw)


class NotFoundRule:
    """By the HTTP status (one, or several), or by a condition on `answer` and `status`."""

    __slots__ = ("condition", "statuses")

    def __init__(self, statuses: frozenset[int], condition: Expression | None) -> None:
        self.statuses, self.condition = statuses, condition

    @classmethod
    def read(cls, raw: object) -> Self:
        listed: list[object] = raw if isinstance(raw, list) else [raw]
        statuses = frozenset(one for one in listed if isinstance(one, int) and 200 <= one < 600)
        if len(statuses) == len(listed):
            return cls(statuses, None)
        return cls(frozenset(), Expression.read(raw))

    def holds(self, status: int, values: Mapping[str, Any]) -> bool:
        """Raises ExpressionError."""
        if self.condition is None:
            return status in self.statuses
        return bool(self.condition.evaluate(values))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Authentication(_Part):
    """`secret` names a value in secrets.json: a token, a password (`basic`, with `user`), a key sent as `header`."""

    kind: Literal["none", "bearer", "basic", "header"] = "none"
    secret: SecretName | None = None
    user: Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f]{1,100}$")] | None = None
    header: HeaderName | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = {
            "none": frozenset(), "bearer": {"secret"}, "basic": {"secret", "user"}, "header": {"secret", "header"},
        }[self.kind]  # fmt: skip
        given = {name for name in ("secret", "user", "header") if getattr(self, name) is not None}
        if given != wanted:
            data = {"kind": self.kind, "wanted": ", ".join(sorted(wanted)) or "-"}
            raise PydanticCustomError("bad_authentication", "bad_authentication", data)
        return self


class BreakerRule(_Part):
    """After so many failures in a row nobody is sent there for `rest_s`; then one tries."""

    failures: int = Field(default=5, ge=1, le=100)
    rest_s: float = Field(default=30, ge=1, le=3600)


class Soap(_Part):
    """`body` is what stands inside the envelope's Body; values in it are escaped."""

    path: Annotated[str, AfterValidator(_path)] = "/"
    action: Annotated[str, StringConstraints(pattern=r'^[^"\x00-\x1f\x7f]{0,300}$')] = ""
    version: Literal["1.1", "1.2"] = "1.1"
    body: Template


class Example(_Part):
    """What the simulator answers when the arguments are those of `when` (all, unless told)."""

    when: dict[Name, str | int | float | bool] = {}
    answer: Any = None
    status: Status = 200
    delay_s: float = Field(default=0, ge=0, le=60)


def _examples(raw: Any) -> Any:
    return [raw] if isinstance(raw, dict) else raw


class Operation(_Part):
    get: Annotated[str, AfterValidator(_path)] | None = None
    post: Annotated[str, AfterValidator(_path)] | None = None
    put: Annotated[str, AfterValidator(_path)] | None = None
    delete: Annotated[str, AfterValidator(_path)] | None = None
    patch: Annotated[str, AfterValidator(_path)] | None = None
    soap: Soap | None = None
    note: str = Field(default="", max_length=500)
    arguments: list[Name] = Field(default=[], max_length=30)
    query: dict[str, Value] = Field(default={}, max_length=30)
    body: Annotated[Any, AfterValidator(_templates)] = None
    reads: bool | None = None  # get reads, everything else changes something, unless told
    idempotent: bool = False  # may be sent again: the second time changes nothing more
    cache_s: float = Field(default=0, ge=0, le=86_400)
    result: dict[Name, Value] = Field(default={}, max_length=50)
    not_found: Annotated[NotFoundRule | None, PlainValidator(NotFoundRule.read)] = None
    example: Annotated[list[Example], BeforeValidator(_examples)] = Field(default=[], max_length=50)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in (*METHODS, "soap") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise PydanticCustomError("one_method", "one_method")
        return self

    @property
    def method(self) -> str:
        """In capitals, as HTTP has it."""
        if self.soap is not None:
            return "POST"
        return next(name for name in METHODS if getattr(self, name) is not None).upper()

    @property
    def path(self) -> str:
        return self.soap.path if self.soap is not None else str(getattr(self, self.method.lower()))

    @property
    def in_path(self) -> tuple[str, ...]:
        """The arguments that stand in the path."""
        return tuple(_PLACE.findall(self.path))

    @property
    def changes(self) -> bool:
        return self.method != "GET" if self.reads is None else not self.reads

    @property
    def may_repeat(self) -> bool:
        return self.idempotent or not self.changes

    def view(self) -> OperationView:
        return OperationView(
            frozenset(map(str, self.arguments)), frozenset(map(str, self.result)), self.changes
        )


class Description(_Part):
    title: Text | Label = {}
    base: Annotated[str, AfterValidator(read_base)]
    authentication: Authentication = Authentication()
    timeout_s: float = Field(default=4, ge=0.1, le=30)
    retries: int = Field(default=2, ge=0, le=5)
    breaker: BreakerRule = BreakerRule()
    allow: Annotated[Allowed, PlainValidator(read_allowed)] = Allowed()
    when_down: Label = {}
    operations: dict[Name, Operation] = Field(min_length=1, max_length=100)

    def view(self) -> dict[str, OperationView]:
        return {str(name): operation.view() for name, operation in self.operations.items()}

    def words_when_down(self) -> dict[str, str]:
        return {str(language): text for language, text in self.when_down.items()}

    def title_in(self, language: str) -> str:
        if isinstance(self.title, str):
            return self.title
        words = {str(name): text for name, text in self.title.items()}
        return words.get(language) or next(iter(words.values()), "")
