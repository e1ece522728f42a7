"""What the controller tells the other processes of the centre over Redis, and hears from them. Nothing without Redis."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from contact_centre.live.wire import Wire
from contact_centre.shared.link import Link
from contact_centre.shared.outbox import Outbox
from contact_centre.shared.subscription import Subscription
from contact_centre.web import people
from voice_core.lease import Lease
from voice_core.ledger import Kind
from voice_core.ports import Change

CLOSED = "closed"  # a contact is: wakes workers, who read the rest in the ledger


class Across:
    def __init__(self, link: Link | None, lease: Lease) -> None:
        self.word = lease.word
        self.outbox: Outbox | None = None
        self.wire: Wire | None = None
        self._link = link
        if link is not None:
            link.hang_on(lease.word)
            self.outbox = Outbox(link)
            self.wire = Wire(self.outbox, lease.token)

    def jobs(self, persons: people.People) -> dict[str, Coroutine[Any, Any, None]]:
        """To run for as long as the centre does."""
        if self._link is None or self.outbox is None or self.wire is None:
            return {}
        heard = Subscription(self._link, {people.KIND: persons.heard})
        return {
            "told others": self.outbox.run(),
            "live beat": self.wire.beat(),
            "heard of others": heard.run(),
        }

    def closed_heard_by(self, wake: Callable[[], None]) -> Callable[[Change], None]:
        """For `Desk.listen`: whoever reacts to closed contacts looks now, here and elsewhere."""

        def heard(change: Change) -> None:
            if any(entry.kind is Kind.CLOSED for entry in change.entries):
                wake()
                if self.outbox is not None:
                    self.outbox.put(CLOSED, b"")

        return heard
