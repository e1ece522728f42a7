"""The session's Asterisk, for faults of the line between the controller and it."""

from tests.asterisk.conftest import asterisk, asterisk_session

__all__ = ["asterisk", "asterisk_session"]
