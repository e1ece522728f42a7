"""look_up: a value from an institution's own system."""

from __future__ import annotations

from ivr_flows.verbs.system_step import SystemStep


class LookUp(SystemStep):
    verb = "look_up"
    changes = False
