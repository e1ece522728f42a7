"""Who is shut out, until when, and who is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from contact_centre.sip_guard import BANNED_FOR, FAILURES, MOST_WATCHED, WITHIN, Bans, attempts

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
_LINE = (
    '[2026-11-25T12:00:00.000+0000] SECURITY[1] res_security_log.c: SecurityEvent="{event}",EventTV="x",Severity="Error",'
    'Service="PJSIP",AccountID="{account}",LocalAddress="IPV4/UDP/127.0.0.1/5160",RemoteAddress="IPV4/UDP/{address}/999"'
)


def guess(
    bans: Bans, address: str, times: int, begin: datetime = NOW, every: timedelta = SECOND
) -> list[bool]:
    return [bans.failed(address, begin + n * every) for n in range(times)]


def test_one_failure_too_many_shuts_out_and_the_time_ends() -> None:
    bans = Bans()
    assert guess(bans, "192.0.2.7", FAILURES) == [*[False] * (FAILURES - 1), True]
    assert bans.banned == ["192.0.2.7"]
    assert not any(guess(bans, "192.0.2.7", FAILURES))
    last = NOW + (FAILURES - 1) * SECOND
    assert bans.over(last + BANNED_FOR - SECOND) == []
    assert bans.over(last + BANNED_FOR) == ["192.0.2.7"]
    assert bans.banned == []


def test_who_fails_seldom_signs_in_between_or_is_a_trunk_is_not_shut_out() -> None:
    bans = Bans([ip_network("198.51.100.0/24")])
    assert not any(guess(bans, "192.0.2.7", 5 * FAILURES, every=WITHIN / (FAILURES - 2)))
    assert not any(guess(bans, "198.51.100.9", 5 * FAILURES))
    guess(bans, "192.0.2.8", FAILURES - 1)
    bans.signed_in("192.0.2.8")
    assert not any(guess(bans, "192.0.2.8", FAILURES - 1))


def test_a_flood_of_forged_addresses_does_not_fill_the_memory() -> None:
    bans = Bans()
    for number in range(3 * MOST_WATCHED):
        bans.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOW)
    assert len(bans._failures) <= MOST_WATCHED


def test_what_the_log_says() -> None:
    forged = r"x\",LocalAddress=\"IPV4/UDP/1.1.1.1/1\",RemoteAddress=\"IPV4/UDP/203.0.113.1/1"  # as Asterisk escapes it
    lines = [
        _LINE.format(event="ChallengeResponseFailed", account="ana", address="192.0.2.7"),
        _LINE.format(event="ChallengeSent", account="ana", address="192.0.2.7"),
        _LINE.format(event="SuccessfulAuth", account="ana", address="192.0.2.8"),
        _LINE.format(event="InvalidAccountID", account=forged, address="192.0.2.9"),
        "half a line",
    ]
    assert list(attempts(lines)) == [("192.0.2.7", True), ("192.0.2.8", False), ("192.0.2.9", True)]
