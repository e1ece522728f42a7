"""Flows over HTTP, for designers."""

from __future__ import annotations

from contact_centre.access.privileges import Privilege
from contact_centre.flows.schemas import FlowsOut, flows_out
from contact_centre.flows.service import FlowFolder
from contact_centre.web.ask import Ask
from contact_centre.web.route import route


class FlowRoutes:
    def __init__(self, folder: FlowFolder) -> None:
        self._folder = folder

    @route("GET", "/flows", needs=Privilege.FLOWS, summary="The flows as their files are now, checked")
    async def flows(self, ask: Ask) -> FlowsOut:
        return flows_out(await self._folder.shelf())
