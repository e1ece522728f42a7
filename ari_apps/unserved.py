"""Callers whom no controller ever took in hand: Asterisk's dialplan kept them, and each becomes a closed contact (decision 0020).

They left in the first instant, or while no controller was there, or the way out served them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog

from ari_apps.exchange import Exchange
from voice_core.errors import CentralitaError
from voice_core.interaction import Direction, EndReason, Stage

FAMILY = "unserved"
RIPE_AFTER = timedelta(seconds=5)
"""Who left less long ago may be in a task's hands that has only begun."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unserved:
    """`served_by`: "" for who left unserved; else what the way out came to: a phone (`PJSIP/ana`), or "-", its message."""

    channel_id: str
    number: str
    caller: str
    began_at: datetime
    left_at: datetime
    served_by: str
    recorded: bool

    @classmethod
    def read(cls, key: str, value: str) -> Self:
        """As `[unserved]` in dialplans/extensions.conf.j2 writes it. Raises ValueError."""
        number, caller, left, way, recorded = value.split("|")
        began = key.rpartition("-")[2]  # a channel's id ends with the second it was made in
        word, _, phone = way.strip().partition(" ")
        return cls(
            channel_id=key,
            number=number,
            caller=caller,
            began_at=_moment(began.partition(".")[0]),
            left_at=_moment(left),
            served_by=(phone or "-") if word else "",
            recorded=recorded.strip() not in ("", "0"),
        )


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(seconds) from error


async def put_on_record(exchange: Exchange) -> float:
    """All who left long enough ago; in how many seconds the next are ripe (very many: there are none).

    Raises nothing: what cannot be stored or asked for now is found again the next time.
    """
    ripe_in = timedelta.max
    try:
        for key, value in (await exchange.keeping.kept(FAMILY)).items():
            ripe_in = min(ripe_in, await _one(exchange, key, value))
    except CentralitaError as error:
        log.warning("unserved_waits", error=str(error))
    except Exception:
        log.exception("unserved_failed")
    return ripe_in.total_seconds()


async def _one(exchange: Exchange, key: str, value: str) -> timedelta:
    """In how much time it is ripe; at most `timedelta.max`, when it is put on record already."""
    try:
        left = Unserved.read(key, value)
    except ValueError:
        log.error("unserved_unreadable", key=key)
    else:
        age = exchange.clock.now() - left.left_at
        if age < RIPE_AFTER:
            return RIPE_AFTER - age
        await _record(exchange, left)
    await exchange.keeping.forget(FAMILY, key)
    return timedelta.max


async def _record(exchange: Exchange, left: Unserved) -> None:
    """One closed contact; none when the controller that died had it already."""
    desk = exchange.desk
    async with desk.together():
        contact = await desk.open(
            channel="voice",
            direction=Direction.INBOUND,
            from_address=left.caller,
            to_address=left.number,
            external_id=left.channel_id,
            node=exchange.plan.node,
            language=exchange.plan.default_language,
            at=left.began_at,
        )
        if contact.stage is not Stage.FLOW or contact.version != 1 or contact.opened_at != left.began_at:
            return
        if left.recorded:
            await exchange.recording.started(contact.id, left.channel_id)
        reason = EndReason.WAY_OUT if left.served_by else EndReason.CUSTOMER_LEFT_FLOW
        detail = left.served_by.strip("-") or ("message" if left.served_by else "before it was taken in hand")
        await desk.end(contact.id, reason, actor="customer", detail=detail, at=left.left_at)
    log.info("unserved_recorded", interaction=contact.id, reason=reason)
    if left.recorded:
        await exchange.recording.finished(contact.id)
