from __future__ import annotations

from tests.asterisk.conftest import asterisk, asterisk_session
from tests.contact_centre.conftest import house

__all__ = ["asterisk", "asterisk_session", "house"]
