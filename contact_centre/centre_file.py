"""`<home>/centre.yaml`: the organisation, its trunks, numbers, queues and rules, as its operator writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ari_apps.caps import Caps, Tariff
from voice_core.interaction import SkillRequirement
from voice_core.queue import Announcements, Overflow, OverflowWhen, QueueConfig

# Names become channel ids, file names and sections of Asterisk's files.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,20}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,15}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$")]
HostOrNetwork = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]*(/[0-9]{1,3})?$")]
Credential = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+!~^-]{1,80}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Money = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=12, decimal_places=6)]
Level = Annotated[int, Field(ge=1, le=10)]
# Spoken by a synthesiser and stored; never part of Asterisk's files.
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Label = dict[Language, Text]


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no such time zone: {name!r}; write one like America/Guayaquil") from error
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganisationPart(_Part):
    name: Text
    timezone: Annotated[str, AfterValidator(_time_zone)]
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]  # ISO 3166: whose holidays are kept
    languages: tuple[Language, ...] = ("es", "en")
    flows: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$")] = (
        "demo"  # below the flows folder
    )

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not self.languages:
            raise ValueError("languages: name at least one, the first is spoken by default")
        if ".." in self.flows.split("/"):
            raise ValueError("flows: must stay inside the flows folder")
        return self


class Trunk(_Part):
    """A line to the telephone network: told by its address (`ip`), or we sign in to it (`register`)."""

    name: Name
    kind: Literal["ip", "register"]
    # Where its calls come from. Lines we sign in to may share a host: each is called by an address of its own.
    hosts: tuple[HostOrNetwork, ...] = Field(min_length=1)
    port: int = Field(default=5060, ge=1, le=65535)  # where calls out through it go, on the first host
    transport: Literal["udp", "tcp"] = "udp"
    username: Credential | None = None
    password: Credential | None = Field(default=None, repr=False)
    outbound_proxy: Host | None = None
    number: Number | None = None  # the number called when a `register` line does not tell which
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "register" and not (self.username and self.password):
            raise ValueError("a trunk of kind `register` needs username and password")
        if "/" in self.hosts[0]:
            raise ValueError("hosts: the first is called too, so it must be one host, not a network")
        return self


class NumberWayOut(_Part):
    """What a caller meets while no controller answers: people's phones, then a spoken message."""

    queue: tuple[Name, ...] = ()  # agents whose phones ring
    say: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.queue and self.say is None:
            raise ValueError("give `queue` (agents), `say` (a message), or both: never silence")
        return self


class DialledNumber(_Part):
    """A number callers dial (DID) and the flow it starts."""

    number: Number
    flow: Name
    trunk: Name | None = None  # None: on any trunk
    label: Label = {}
    language: Language | None = None
    way_out: NumberWayOut


class Relax(_Part):
    after_s: Seconds
    level: int = Field(ge=0, le=10)  # 0: no longer asked for


class WantedSkill(_Part):
    skill: Name
    level: Level = 1
    relax: tuple[Relax, ...] = ()


class QueueAnnouncements(_Part):
    every_s: float = Field(default=30, ge=5, le=3600)
    place: bool = True
    expected_wait: bool = True
    comfort: dict[Language, tuple[Text, ...]] = {}


class QueueWayOut(_Part):
    """Keys a waiting caller may press."""

    voicemail: Key | None = "1"
    callback: Key | None = "2"

    @model_validator(mode="after")
    def _different(self) -> Self:
        if self.voicemail is not None and self.voicemail == self.callback:
            raise ValueError("voicemail and callback need different keys")
        return self


class OverflowRule(_Part):
    after_s: Seconds
    when: Literal["wait", "no_agents"] = "wait"
    to_queue: Name | None = None
    to_flow: Name | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.to_queue is None) == (self.to_flow is None):
            raise ValueError("give either to_queue or to_flow")
        return self


class QueuePart(_Part):
    name: Name
    label: Label
    skills: tuple[WantedSkill, ...] = ()
    priority: int = Field(default=0, ge=-100, le=100)
    ageing_per_minute: float = Field(default=1, ge=0, le=100)
    ring_timeout_s: float = Field(default=15, ge=3, le=120)
    wrap_up_s: Seconds = 20
    auto_pause_after_missed: int = Field(default=2, ge=0, le=100)
    service_level_s: Seconds = 20
    music: Name = "default"
    announcements: QueueAnnouncements = QueueAnnouncements()
    way_out: QueueWayOut = QueueWayOut()
    overflow: tuple[OverflowRule, ...] = ()

    def config(self) -> QueueConfig:
        """The same, as the router knows it."""
        said = self.announcements
        return QueueConfig(
            name=self.name,
            label=dict(self.label),
            requirements=tuple(
                SkillRequirement(
                    skill.skill, skill.level, tuple((relax.after_s, relax.level) for relax in skill.relax)
                )
                for skill in self.skills
            ),
            priority=self.priority,
            ageing_per_minute=self.ageing_per_minute,
            ring_timeout_s=self.ring_timeout_s,
            wrap_up_s=self.wrap_up_s,
            pause_after_missed=self.auto_pause_after_missed,
            service_level_s=self.service_level_s,
            music=self.music,
            announcements=Announcements(said.every_s, said.place, said.expected_wait, dict(said.comfort)),
            voicemail_key=self.way_out.voicemail,
            callback_key=self.way_out.callback,
            overflow=tuple(_overflow(rule) for rule in self.overflow),
        )


class LabelledId(_Part):
    id: Name
    label: Label


class Disposition(LabelledId):
    queues: tuple[Name, ...] = ()  # none: of every queue


class OutboundTariff(_Part):
    """What a minute costs to numbers that begin with `prefix`; each started minute counts whole."""

    prefix: Prefix
    price: Money
    minutes_a_day: int | None = Field(default=None, ge=0, le=1_000_000)


class OutboundCaps(_Part):
    """What stolen passwords and telephones may do at worst (fault 26). `each`: for one person."""

    calls_a_minute: int = Field(default=60, ge=0, le=10_000)
    calls_a_minute_each: int = Field(default=10, ge=0, le=1000)
    at_once_each: int = Field(default=3, ge=0, le=1000)
    minutes_a_call: int = Field(default=120, ge=1, le=1440)
    minutes_a_day: int | None = Field(default=6000, ge=0, le=1_000_000)
    minutes_a_day_each: int | None = Field(default=600, ge=0, le=1_000_000)
    cost_a_day: Money | None = None
    cost_a_day_each: Money | None = None


class Outbound(_Part):
    """Agents' calls out. Nothing may be dialled unless a prefix allows it."""

    trunk: Name
    allowed_destinations: tuple[Prefix, ...] = ()
    caller_id: Number | None = None
    max_concurrent: int = Field(default=10, ge=0, le=1000)
    caps: OutboundCaps = OutboundCaps()
    tariffs: tuple[OutboundTariff, ...] = ()  # the longest prefix that fits a number counts
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = (
        "USD"  # ISO 4217: of prices and costs
    )
    emergency_numbers: tuple[Number, ...] = (
        "911",
        "112",
    )  # never kept back by a cap; they must be allowed too

    def rules(self) -> Caps:
        """The same, as the telephone knows it."""
        caps = self.caps
        return Caps(
            calls_a_minute=caps.calls_a_minute,
            calls_a_minute_each=caps.calls_a_minute_each,
            at_once=self.max_concurrent,
            at_once_each=caps.at_once_each,
            longest_call_s=caps.minutes_a_call * 60.0,
            minutes_a_day=caps.minutes_a_day,
            minutes_a_day_each=caps.minutes_a_day_each,
            cost_a_day=caps.cost_a_day,
            cost_a_day_each=caps.cost_a_day_each,
            tariffs=tuple(
                Tariff(tariff.prefix, tariff.price, tariff.minutes_a_day) for tariff in self.tariffs
            ),
            always=frozenset(self.emergency_numbers),
        )

    @model_validator(mode="after")
    def _priced(self) -> Self:
        for problem in _repeated("tariffs", [tariff.prefix for tariff in self.tariffs]):
            raise ValueError(problem)
        if self.caps.cost_a_day is None and self.caps.cost_a_day_each is None:
            return self
        for prefix in self.allowed_destinations:
            if not any(prefix.startswith(tariff.prefix) for tariff in self.tariffs):
                raise ValueError(
                    f"caps: a cost a day needs a price for every allowed destination; add {prefix!r} under tariffs"
                )
        return self

    def allows(self, number: str) -> bool:
        """Whether `number` (digits, perhaps after +) may be dialled."""
        return re.fullmatch(r"\+?[0-9]{1,20}", number) is not None and any(
            number.startswith(prefix) for prefix in self.allowed_destinations
        )


class Centre(_Part):
    organisation: OrganisationPart
    trunks: tuple[Trunk, ...] = ()
    numbers: tuple[DialledNumber, ...] = ()
    queues: tuple[QueuePart, ...] = ()
    pause_reasons: tuple[LabelledId, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    outbound: Outbound | None = None

    def queue_configs(self) -> dict[str, QueueConfig]:
        return {queue.name: queue.config() for queue in self.queues}

    def flow_of(self, number: str) -> str | None:
        """The flow a dialled number starts, None for an unknown number."""
        return next((entry.flow for entry in self.numbers if entry.number == number), None)

    def told_by_address(self, trunk: Trunk) -> tuple[str, ...]:
        """The hosts whose calls can only be this trunk's; a line's other calls are told by its registration."""
        if trunk.kind == "ip":
            return trunk.hosts
        others = {host for other in self.trunks if other is not trunk for host in other.hosts}
        return tuple(host for host in trunk.hosts if host not in others)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        trunks = [trunk.name for trunk in self.trunks]
        queues = [queue.name for queue in self.queues]
        yield from _repeated("trunks", trunks)
        yield from _repeated("queues", queues)
        yield from _repeated("numbers", [entry.number for entry in self.numbers])
        yield from _repeated("pause_reasons", [reason.id for reason in self.pause_reasons])
        yield from _repeated("dispositions", [disposition.id for disposition in self.dispositions])
        told_apart = [trunk for trunk in self.trunks if trunk.kind == "ip"]
        yield from _repeated("trunks' hosts", [host for trunk in told_apart for host in set(trunk.hosts)])
        numbers = {entry.number for entry in self.numbers}
        for trunk in self.trunks:
            if trunk.number is not None and trunk.number not in numbers:
                yield f"trunk {trunk.name!r}: there is no number {trunk.number!r} under numbers"
        wanted_trunks = {entry.trunk for entry in self.numbers if entry.trunk} | (
            {self.outbound.trunk} if self.outbound else set()
        )
        for name in sorted(wanted_trunks.difference(trunks)):
            yield f"there is no trunk {name!r} under trunks"
        wanted_queues = {rule.to_queue for queue in self.queues for rule in queue.overflow if rule.to_queue}
        wanted_queues |= {name for disposition in self.dispositions for name in disposition.queues}
        for name in sorted(wanted_queues.difference(queues)):
            yield f"there is no queue {name!r} under queues"


def _overflow(rule: OverflowRule) -> Overflow:
    when = OverflowWhen.NO_AGENTS if rule.when == "no_agents" else OverflowWhen.ALWAYS
    return Overflow(rule.after_s, when, rule.to_queue, rule.to_flow)


def _repeated(part: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{part}: {name!r} is there twice"
