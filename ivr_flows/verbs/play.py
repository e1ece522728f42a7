"""play: a recorded prompt is heard. `file` is a name under the prompts folder, or one for each language."""

from __future__ import annotations

from pydantic import field_validator

from ivr_flows.pieces import Prompts
from ivr_flows.verbs.say import Say


class Play(Say):
    verb = "play"

    @field_validator("prompt", mode="before")
    @classmethod
    def _file(cls, raw: object) -> object:
        return raw if isinstance(raw, list | Prompts) else {"file": raw}
