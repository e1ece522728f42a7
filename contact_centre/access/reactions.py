"""Notices that people were added or changed, by this process or by the command line of the same installation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from contact_centre.access.models import User
from contact_centre.access.service import Access

LOOK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class UserChanges:
    """Looks at the users' highest revision: one indexed read a second, and no channel between processes to break."""

    def __init__(self, access: Access, react: Callable[[Sequence[User]], Awaitable[None]], seen: int) -> None:
        self._access = access
        self._react = react
        self._seen = seen

    async def run(self) -> None:
        """Until cancelled. A failed reaction is logged and tried again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except Exception:  # the next look tries again; people must not need a restart
                log.exception("user_changes_failed")

    async def _look(self) -> None:
        changed = await self._access.users(newer_than=self._seen)
        if changed:
            await self._react(changed)
            self._seen = max(user.revision for user in changed)
