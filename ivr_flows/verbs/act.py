"""act: something is changed in an institution's own system: once, though a crash may make the step run twice."""

from __future__ import annotations

from ivr_flows.verbs.system_step import SystemStep


class Act(SystemStep):
    verb = "act"
    changes = True
