"""What the dialplan keeps of callers whom no controller took in hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_apps.unserved import Unserved

KEY = "f473adda-1795949169.12"


def test_who_left_and_whom_the_way_out_served() -> None:
    left = Unserved.read(KEY, "101|0991234567|1795949175||0")
    assert (left.number, left.caller, left.served_by, left.recorded) == ("101", "0991234567", "", False)
    assert left.began_at == datetime(2026, 11, 29, 10, 46, 9, tzinfo=UTC)
    assert (left.left_at - left.began_at).total_seconds() == 6
    assert Unserved.read(KEY, "101||1795949175|way_out |84").served_by == "-"
    answered = Unserved.read(KEY, "101|099|1795949175|way_out PJSIP/ana-sip|84")
    assert (answered.served_by, answered.recorded) == ("PJSIP/ana-sip", True)


@given(st.text(max_size=40), st.text(max_size=60))
def test_anything_else_is_refused_as_such(key: str, value: str) -> None:
    try:
        Unserved.read(key, value)
    except ValueError:
        pass
    except (OverflowError, OSError):
        pytest.fail(f"{key!r} {value!r}")


@pytest.mark.parametrize("key", ["x-99999999999999999999.1", "x-1.1"])
def test_a_moment_that_is_none_is_refused_as_such(key: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Unserved.read(key, "101|099|99999999999999999999||0")
