"""What a test of a flow is written as: what is given, then what the customer does and what must come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from ivr_flows import inputs
from ivr_flows.context import Context, Organisation, QueueView
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Input
from ivr_flows.pieces import FlowName, Language, Name, QueueName, Target
from ivr_flows.rehearsal.conversation import Systems
from ivr_flows.verbs.hours import Country, TimeZone

Words = Annotated[str, Field(min_length=1, max_length=2_000)]
Count = Annotated[int, Field(ge=0, le=10_000)]
Plain = str | int | float | bool | None


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Operation(Name):
    """`connector.operation`"""

    __slots__ = ()
    pattern: ClassVar[str] = rf"{Name.pattern}\.{Name.pattern}"


class Queue(_Written):
    """How a queue stands while the test goes on."""

    waiting: Count = 0
    agents_available: Count = 0
    expected_wait_s: float | None = Field(default=None, ge=0, le=86_400)


QUIET = QueueView(waiting=0, agents_available=1, expected_wait_s=0.0)


class Given(_Written):
    """`time` is on the organisation's clocks; without one, a Monday at ten."""

    time: datetime = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - on clocks that are known later
    caller: str = "0991234567"
    called: str = ""
    language: Language | None = None
    medium: Literal["voice", "text", "form"] = "voice"
    contact: dict[str, Plain] = {}
    data: dict[str, Plain] = {}
    queues: dict[QueueName, Queue] = {}
    splits: dict[Target, Target] = {}
    systems: dict[Operation, Literal["down", "not_found"] | dict[Name, Plain]] = {}

    @model_validator(mode="after")
    def _local(self) -> Self:
        if self.time.tzinfo is not None:
            raise PydanticCustomError("time_with_zone", "time_with_zone")
        return self

    def over(self, other: Given) -> Given:
        """What is written here, and `other` for the rest."""
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def answers(self, others: Systems) -> Systems:
        """As it is written here, and `others` for what is not."""

        def answer(asked: AskSystem) -> Input:
            written = self.systems.get(Operation(f"{asked.connector}.{asked.operation}"))
            if written is None:
                return others(asked)
            if written == "down":
                return inputs.Unavailable("unreachable")
            if not isinstance(written, dict):
                return inputs.NotFound()
            return inputs.Answered({str(name): value for name, value in written.items()})

        return answer

    def context(self, organisation: Organisation, queues: Iterable[str] = ()) -> Context:
        """`queues`: the centre's, which stand as `QUIET` unless written otherwise."""
        here = self.time.replace(tzinfo=ZoneInfo(organisation.timezone))
        return Context(
            now=here.astimezone(ZoneInfo("UTC")),
            caller=self.caller,
            called=self.called,
            contact=self.contact,
            language=str(self.language or organisation.default_language),
            medium=self.medium,
            queues=dict.fromkeys(queues, QUIET)
            | {
                str(name): QueueView(queue.waiting, queue.agents_available, queue.expected_wait_s)
                for name, queue in self.queues.items()
            },
            data=self.data,
            splits={str(step): str(way) for step, way in self.splits.items()},
        )


class Recording(_Written):
    file: Words


class Queued(_Written):
    """Only what is written is compared; `data` may hold more."""

    queue: QueueName
    priority: int | None = None
    preferred_agent: str | None = None
    skills: dict[str, int] | None = None
    callback: str | None = None
    data: dict[str, Plain] = {}


class Transferred(_Written):
    agent: str | None = None
    number: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.agent is None) == (self.number is None):
            raise PydanticCustomError("one_destination", "one_destination")
        return self


class Called(_Written):
    """Only what is written of `with` is compared."""

    operation: Operation
    arguments: dict[Name, Plain] = Field(default={}, alias="with")


class Passes(_Written):
    days: float = Field(default=0, ge=0, le=3_650)
    hours: float = Field(default=0, ge=0, le=100_000)
    minutes: float = Field(default=0, ge=0, le=1_000_000)
    seconds: float = Field(default=0, ge=0, le=10_000_000)

    @property
    def time(self) -> timedelta:
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)


def _listed(raw: Any) -> Any:
    return raw if isinstance(raw, list) else [raw]


def _named_operation(raw: Any) -> Any:
    return {"operation": raw} if isinstance(raw, str) else raw


def _named_queue(raw: Any) -> Any:
    return {"queue": raw} if isinstance(raw, str) else raw


Keys = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9*#]{1,60}$"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^[0-9*#]{1,60}$"}),
]
Heards = list[Words | Recording]
Never = Annotated[
    list[Words], BeforeValidator(_listed, json_schema_input_type=Words | list[Words]), Field(max_length=50)
]


class Line(_Written):
    """One line of a story: something the customer does, something that is expected, or something that goes wrong."""

    # the customer
    presses: Keys | None = None
    says: Words | None = None
    silent: Literal[True] | None = None
    leaves_message: Literal[True] | None = None
    hangs_up: Literal[True] | None = None
    passes: Passes | None = None
    # what is expected
    hears: (
        Annotated[Heards, BeforeValidator(_listed, json_schema_input_type=Words | Recording | Heards)] | None
    ) = None
    asked: Target | None = None
    called: (
        Annotated[Called, BeforeValidator(_named_operation, json_schema_input_type=str | Called)] | None
    ) = None
    queued: Annotated[Queued, BeforeValidator(_named_queue, json_schema_input_type=str | Queued)] | None = (
        None
    )
    transferred: Transferred | None = None
    hung_up: Literal[True] | Words | None = None
    # what goes wrong
    fails: Words | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, raw: Any) -> Any:
        """`- silent` is short for `- silent: true`."""
        return {raw: True} if isinstance(raw, str) and raw in _BARE else raw

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("one_a_line", "one_a_line")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        line = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"enum": list(_BARE)}, {**line, "minProperties": 1, "maxProperties": 1}]}

    @property
    def word(self) -> str:
        return next(iter(self.model_fields_set))


_BARE = ("silent", "leaves_message", "hangs_up", "hung_up")


class Story(_Written):
    """One test. `never`: words that must not be heard in it."""

    given: Given = Given()
    never: Never = []
    story: list[Line] = Field(min_length=1, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: Any) -> Any:
        """A list alone is the story."""
        return {"story": raw} if isinstance(raw, list) else raw

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [whole["properties"]["story"], dict(whole)]}


class Whose(_Written):
    """Of the organisation, what is not as where the tests are run."""

    name: str = ""
    timezone: TimeZone = ""
    country: Country = ""

    def over(self, other: Organisation) -> Organisation:
        return replace(other, **{name: getattr(self, name) for name in self.model_fields_set})


class Stories(_Written):
    """A whole file. `flow`: the one that is tested, unless the file's name says it."""

    flow: FlowName | None = None
    organisation: Whose = Whose()
    given: Given = Given()
    never: Never = []
    tests: Mapping[str, Story] = Field(min_length=1, max_length=300)


def json_schema() -> dict[str, Any]:
    """Of a test's file (JSON Schema 2020-12), for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Stories.model_json_schema(mode="validation"),
    }
