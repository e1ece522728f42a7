"""The generator, on a small description of our own (the real one is compared in tests/asterisk)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ari_apps.ari.generate import generate, snake


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("channelId", "channel_id"),
        ("sendDTMF", "send_dtmf"),
        ("absorbDTMF", "absorb_dtmf"),
        ("from", "from_"),
        ("rtp_statistics", "rtp_statistics"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert snake(name) == expected


@pytest.fixture
def description(tmp_path: Path) -> Path:
    things = {
        "apis": [
            {
                "path": "/things/{thingId}",
                "operations": [
                    {
                        "httpMethod": "POST",
                        "nickname": "moveThing",
                        "responseClass": "List[Thing]",
                        "parameters": [
                            {"name": "thingId", "paramType": "path", "dataType": "string", "required": True},
                            {"name": "speed", "paramType": "query", "dataType": "int"},
                            {"name": "from", "paramType": "query", "dataType": "string", "required": True},
                            {
                                "name": "over",
                                "paramType": "query",
                                "dataType": "string",
                                "allowMultiple": True,
                            },
                        ],
                        "errorResponses": [{"code": 404, "reason": "never mind"}],
                    },
                    {"httpMethod": "GET", "nickname": "file", "responseClass": "binary"},
                ],
            }
        ],
        "models": {
            "Thing": {
                "properties": {
                    "thingName": {"type": "string", "required": True},
                    "parts": {"type": "List[Thing]"},
                }
            },
            "Event": {"subTypes": ["ThingMoved"], "properties": {}},
            "ThingMoved": {"properties": {"thing": {"type": "Thing"}, "when": {"type": "Date"}}},
        },
    }
    (tmp_path / "resources.json").write_text(json.dumps({"apis": [{"path": "/api-docs/things.{format}"}]}))
    (tmp_path / "things.json").write_text(json.dumps(things))
    return tmp_path


def test_the_same_description_gives_the_same_sources(description: Path) -> None:
    assert generate(description) == generate(description)


def test_an_operation_becomes_a_typed_method(description: Path) -> None:
    source = generate(description)["operations.py"]
    assert "async def move_thing(" in source
    for parameter in ("from_: str,", "speed: int | None = None", "over: Sequence[str] | None"):
        assert parameter in source
    assert "-> tuple[models.Thing, ...]:" in source
    assert '"""`POST /things/{thingId}`; refused with 404."""' in source
    assert "async def file" not in source


def test_events_and_models_are_tolerant_dataclasses(description: Path) -> None:
    sources = generate(description)
    assert "thing_name: str\n" in sources["models.py"]
    assert "parts: tuple[Thing, ...]" in sources["models.py"]
    assert "class ThingMoved(Event):" in sources["events.py"]
    assert "thing: models.Thing | None" in sources["events.py"]
    for name, source in sources.items():
        compile(source, name, "exec")


def test_a_folder_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        generate(tmp_path)
