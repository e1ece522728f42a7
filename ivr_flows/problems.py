"""What is wrong with a flow: where, why, and what to do about it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from ivr_flows.problem_texts import TEXTS

_SEVERITIES = {"es": {"error": "error", "warning": "aviso"}, "en": {"error": "error", "warning": "warning"}}


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` and `column` count from 1. `code` and `data` are stable; the words are made from them."""

    file: str
    line: int
    column: int
    code: str
    severity: Literal["error", "warning"] = "error"
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return self.words("es")[0]

    @property
    def remedy(self) -> str:
        return self.words("es")[1]

    def words(self, language: str) -> tuple[str, str]:
        """Message and remedy; Spanish unless `language` is "en"."""
        message, remedy = TEXTS[self.code]["en" if language == "en" else "es"]
        return message.format_map(_Filled(self.data)), remedy.format_map(_Filled(self.data))

    def line_in(self, language: str) -> str:
        """As compilers write it: `demo.yaml:12:7: error: message. Remedy. [code]`."""
        message, remedy = self.words(language)
        severity = _SEVERITIES["en" if language == "en" else "es"][self.severity]
        return f"{self.file}:{self.line}:{self.column}: {severity}: {message} {remedy} [{self.code}]"

    def __str__(self) -> str:
        return self.line_in("es")


class _Filled(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, else a few of those that exist."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return close[0] if close else ", ".join(names[:12]) or "-"
