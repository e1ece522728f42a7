"""The language as a JSON Schema, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from ivr_flows.pieces import RESERVED_TARGETS, Name
from ivr_flows.reading import FlowHeader, StepCommon
from ivr_flows.verbs import VERBS

_REFERENCE = "#/$defs/{model}"


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of one flow file."""
    models = [(model, "validation") for model in (FlowHeader, StepCommon, *VERBS.values())]
    names, bodies = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    definitions = bodies["$defs"]
    header = definitions.pop("FlowHeader")
    common = definitions.pop("StepCommon")["properties"]
    steps = []
    for word, verb in VERBS.items():
        body: dict[str, Any] = names[verb, "validation"]
        if verb.short is not None:
            short = [definitions[verb.__name__]["properties"][verb.short]]
            nothing = [] if definitions[verb.__name__].get("required") else [{"type": "null"}]
            body = {"anyOf": [body, *short, *nothing]}
        properties = {word: body, **common}
        steps.append(
            {"type": "object", "required": [word], "additionalProperties": False, "properties": properties}
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Centralita flow",
        "type": "object",
        "required": ["steps"],
        "additionalProperties": False,
        "properties": {
            **header["properties"],
            "steps": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^{Name.pattern}$", "not": {"enum": list(RESERVED_TARGETS)}},
                "additionalProperties": {"anyOf": steps},
            },
        },
        "$defs": definitions,
    }
