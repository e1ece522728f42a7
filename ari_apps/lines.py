"""The one place outgoing calls pass (fault 26): where to, how many, how long, for how much.

What was spent is read from the ledger at the start and followed from there; a refusal is audited, and told to supervisors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from ari_apps.caps import MINUTE, CapReachedError, Line, longest_s, overdrawn
from ari_apps.legs import interaction_of
from ari_apps.plan import OutboundRules
from ari_apps.ports import Audit
from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.errors import CentralitaError, NotAllowedError
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change, News, Notice

KINDS = (Kind.LINE_OPENED, Kind.LINE_ANSWERED, Kind.LINE_CLOSED)
NOBODY = frozenset({"flow", "system", "customer", "router"})
AUDIT_LIMIT_S = 2.0
TELL_AGAIN = timedelta(minutes=1)
"""How long supervisors are not told the same again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """How Asterisk is asked to dial an admitted number."""

    endpoint: str
    caller_id: str | None
    ring_timeout_s: int
    variables: Mapping[str, str]


class Lines:
    """`zone`: where the organisation's day begins."""

    def __init__(
        self, rules: OutboundRules, desk: Desk, clock: Clock, news: News, audit: Audit, zone: ZoneInfo
    ) -> None:
        self._rules = rules
        self._desk = desk
        self._clock = clock
        self._news = news
        self._audit = audit
        self._zone = zone
        self._lines: dict[str, Line] = {}
        self._told: dict[tuple[str, str], datetime] = {}
        desk.listen(self._follow)

    # --- what was spent

    def since(self) -> datetime:
        """From when on the ledger must be read: calls of yesterday may still go on."""
        return self._day() - timedelta(days=1)

    def seed(self, entries: Iterable[Entry]) -> None:
        """The ledger's lines of these `KINDS`, in order."""
        for entry in entries:
            self._take(entry)

    def open(self) -> list[Line]:
        return [line for line in self._lines.values() if line.closed_at is None]

    # --- admitting

    async def require(self, number: str, by: str) -> str:
        """The number as it is dialled, were it dialled now. Raises InvalidInputError, NotAllowedError."""
        dialled, _ = await self._admitted(number, by)
        return dialled

    async def claim(self, interaction: str, leg: str, number: str, by: str) -> Way:
        """Written down before it is dialled: a line in use from now on. Raises as `require`."""
        dialled, longest = await self._admitted(number, by)
        now = self._clock.now()
        entry = Entry(interaction, now, Kind.LINE_OPENED, by, {"leg": leg, "to": dialled})
        self._take(entry)  # nobody is admitted meanwhile on what this one takes
        try:
            await self._desk.note(interaction, Kind.LINE_OPENED, by, entry.data)
        except BaseException:
            self._lines.pop(leg, None)
            raise
        rules, ring_s = self._rules, self._rules.ring_timeout_s
        limit = {"TIMEOUT(absolute)": f"{longest + ring_s:.1f}"}  # Asterisk's own: it holds when we are gone
        return Way(f"PJSIP/{dialled}@{rules.trunk}", rules.caller_id or None, int(ring_s), limit)

    async def _admitted(self, number: str, by: str) -> tuple[str, float]:
        person = "" if by in NOBODY else by
        self._forget_old()
        try:
            dialled = self._rules.check(number)
            lines, now, day = list(self._lines.values()), self._clock.now(), self._day()
            return dialled, longest_s(self._rules.caps, lines, person, dialled, now, day)
        except NotAllowedError as error:
            await self._refused(error, number, by)
            raise

    # --- following

    async def answered(self, leg: str) -> None:
        line = self._lines.get(leg)
        if line is not None and line.answered_at is None and line.closed_at is None:
            await self._note(leg, Kind.LINE_ANSWERED)

    async def closed(self, leg: str, *, unseen: bool = False) -> None:
        line = self._lines.get(leg)
        if line is not None and line.closed_at is None:
            await self._note(leg, Kind.LINE_CLOSED, unseen=unseen and line.answered_at is None)

    async def compare(
        self, alive: Collection[str], up: Collection[str], asked: datetime, mine: Callable[[str], bool]
    ) -> None:
        """With what lives in one Asterisk, whose legs `mine` knows: what ended, or was answered, unseen.

        `asked`: before it was looked at.
        """
        for line in filter(lambda line: mine(line.id), self.open()):
            if line.id in up:
                await self.answered(line.id)
            elif line.id not in alive and line.at < asked:
                await self.closed(line.id, unseen=True)

    async def overdrawn(self, mine: Callable[[str], bool]) -> list[str]:
        """The legs to hang up now, of those that are `mine`: what they use is more than the day has."""
        found = overdrawn(self._rules.caps, list(self._lines.values()), self._clock.now(), self._day())
        own = [(line, error) for line, error in found if mine(line.id)]
        for line, error in own:
            await self._refused(error, line.to, line.by or "flow")
        return [line.id for line, _ in own]

    async def _note(self, leg: str, kind: Kind, *, unseen: bool = False) -> None:
        interaction, now = interaction_of(leg) or "", self._clock.now()
        data: dict[str, object] = {"leg": leg} | ({"unseen": True} if unseen else {})
        self._take(Entry(interaction, now, kind, "system", data))
        try:
            await self._desk.note(interaction, kind, "system", data)
        except CentralitaError as error:  # counted all the same, until the next start
            log.warning("line_not_noted", kind=kind, interaction=interaction, error=str(error))

    def _follow(self, change: Change) -> None:
        for entry in change.entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        """Told twice is told once: decided, then stored."""
        leg = str(entry.data.get("leg", ""))
        line = self._lines.get(leg)
        match entry.kind:
            case Kind.LINE_OPENED if line is None:
                by = "" if entry.actor in NOBODY else entry.actor
                self._lines[leg] = Line(leg, by, str(entry.data.get("to", "")), entry.at)
            case Kind.LINE_ANSWERED if line is not None and line.answered_at is None:
                self._lines[leg] = replace(line, answered_at=entry.at)
            case Kind.LINE_CLOSED if line is not None and line.closed_at is None:
                unseen = bool(entry.data.get("unseen"))
                self._lines[leg] = replace(line, closed_at=entry.at, unseen=unseen)
            case _:
                pass

    def _forget_old(self) -> None:
        """What is over and neither of today nor of the last minute counts for nothing."""
        counted = min(self._day(), self._clock.now() - MINUTE)
        for line in list(self._lines.values()):
            if line.closed_at is not None and line.at < counted:
                del self._lines[line.id]

    def _day(self) -> datetime:
        return self._clock.now().astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    # --- refusing

    async def _refused(self, error: NotAllowedError, number: str, by: str) -> None:
        cap = str(error.data.get("cap", "allowed_destinations"))
        log.warning("outgoing_call_refused", by=by, cap=cap, **{"pii.to": number[:32]})
        try:
            async with asyncio.timeout(AUDIT_LIMIT_S):
                await self._audit.record(by, "call.refused", number[:32], {"cap": cap} | error.data)
        except Exception as failure:  # noqa: BLE001 - whatever keeps it from being written, it is refused
            log.error("refusal_not_audited", by=by, cap=cap, error=type(failure).__name__)
        if isinstance(error, CapReachedError) and self._is_news(cap, by):
            data = {"cap": cap, "limit": str(error.data["limit"]), "by": by}
            agent = None if by in NOBODY else by
            self._news.publish(Change(notices=(Notice(error.code, agent=agent, data=data),)))

    def _is_news(self, cap: str, by: str) -> bool:
        now = self._clock.now()
        self._told = {key: at for key, at in self._told.items() if now - at < TELL_AGAIN}
        return self._told.setdefault((cap, by), now) == now
