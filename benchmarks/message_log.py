"""What SIPp wrote down of each SIP message: when, which way, of which call. Wall-clock seconds, to the microsecond."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_MESSAGE = re.compile(
    r"^-{40,} (?P<at>\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d\.\d+)[^\n]*\n"
    r"UDP message (?P<way>sent|received)[^\n]*\n\n(?P<first>[^\r\n]+)\r?\n(?P<head>.*?)(?:\r?\n){2}",
    re.MULTILINE | re.DOTALL,
)
_FROM = re.compile(r"^From:[^\r\n]*?sips?:([^@>;\r\n]+)@", re.MULTILINE)
_TO = re.compile(r"^To:[^\r\n]*?sips?:([^@>;\r\n]+)@", re.MULTILINE)
_CALL_ID = re.compile(r"^Call-ID:\s*([^\r\n]+)", re.MULTILINE)
_CSEQ = re.compile(r"^CSeq:\s*\d+\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    at: float
    sent: bool  # by SIPp
    method: str  # of the request; of an answer, what it answers
    status: int  # 0: a request
    call_id: str
    from_user: str
    to_user: str


@dataclass(slots=True)
class Placed:
    """One call as the caller lived it; 0.0 where it did not happen."""

    number: str
    invited_at: float
    answered_at: float = 0.0
    refused: int = 0
    they_left_at: float = 0.0


def messages(path: Path) -> Iterator[Message]:
    """In the order written."""
    text = path.read_text(errors="replace") if path.exists() else ""
    for found in _MESSAGE.finditer(text):
        first, head = found["first"], found["head"]
        status = int(first.split()[1]) if first.startswith("SIP/2.0") else 0
        at = datetime.fromisoformat(found["at"].replace("\t", " ")).timestamp()
        method = _field(_CSEQ, head) if status else first.split()[0]
        users = _field(_FROM, head), _field(_TO, head)
        yield Message(at, found["way"] == "sent", method, status, _field(_CALL_ID, head), *users)


def placed(path: Path) -> Sequence[Placed]:
    """The calls of a caller's log, in the order dialled."""
    calls: dict[str, Placed] = {}
    for each in messages(path):
        if each.sent and each.method == "INVITE":
            calls.setdefault(each.call_id, Placed(each.from_user, each.at))
        call = calls.get(each.call_id)
        if call is None or each.sent:
            continue
        if each.method == "INVITE" and each.status == 200:
            call.answered_at = call.answered_at or each.at
        elif each.method == "INVITE" and each.status >= 300:
            call.refused = each.status
        elif each.method == "BYE" and each.status == 0:
            call.they_left_at = each.at
    return list(calls.values())


def rung(path: Path) -> dict[str, float]:
    """Caller's number → when an agent's phone first got its INVITE, of the agents' log."""
    first: dict[str, float] = {}
    for each in messages(path):
        if each.method == "INVITE" and not each.sent and each.status == 0:
            first.setdefault(each.from_user, each.at)
    return first


def freed_to_rung(path: Path) -> list[float]:
    """Seconds from each BYE of the one agent's phone to the next INVITE that reaches it."""
    took: list[float] = []
    freed_at = 0.0
    seen: set[str] = set()
    for each in messages(path):
        if each.sent and each.method == "BYE" and each.status == 0:
            freed_at = each.at
        elif each.method == "INVITE" and not each.sent and each.status == 0 and each.call_id not in seen:
            seen.add(each.call_id)
            if freed_at:
                took.append(each.at - freed_at)
                freed_at = 0.0
    return took


def _field(pattern: re.Pattern[str], head: str) -> str:
    found = pattern.search(head + "\n")
    return found.group(1).strip() if found else ""
