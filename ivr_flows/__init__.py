"""Conversation scripts as data, and the pure machine that steps through them."""

from __future__ import annotations

from ivr_flows.connector_view import ConnectorViews, OperationView
from ivr_flows.context import Context, Organisation, QueueView
from ivr_flows.errors import FlowErrors, FlowNotFoundError
from ivr_flows.flow import Flow, Flows
from ivr_flows.loading import check, load_flows, read_flows, read_folder
from ivr_flows.machine import Machine
from ivr_flows.outline import StepOutline, Way, outline
from ivr_flows.problems import Problem
from ivr_flows.schema import json_schema
from ivr_flows.turn import Step, Turn

__all__ = [
    "ConnectorViews",
    "Context",
    "Flow",
    "FlowErrors",
    "FlowNotFoundError",
    "Flows",
    "Machine",
    "OperationView",
    "Organisation",
    "Problem",
    "QueueView",
    "Step",
    "StepOutline",
    "Turn",
    "Way",
    "check",
    "json_schema",
    "load_flows",
    "outline",
    "read_flows",
    "read_folder",
]
