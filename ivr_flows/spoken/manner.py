"""Who hears a value, and how: the language of the text around it, the channel, the organisation's country."""

from __future__ import annotations

from dataclasses import dataclass

_DECIMAL_POINT = frozenset({"SV", "GT", "HN", "NI", "PA", "DO", "MX", "PR", "PE", "US", "GB"})
_CURRENCIES = {"EC": "USD", "SV": "USD", "PA": "USD", "PR": "USD", "US": "USD", "BO": "BOB"}


@dataclass(frozen=True, slots=True)
class Manner:
    """`medium`: "voice" says words; "text" and "form" show figures."""

    language: str = "es"
    medium: str = "voice"
    country: str = "EC"
    timezone: str = "America/Guayaquil"

    @property
    def is_written(self) -> bool:
        return self.medium != "voice"

    @property
    def currency(self) -> str:
        """ISO 4217; "" where we do not know it."""
        return _CURRENCIES.get(self.country, "")

    @property
    def decimal_mark(self) -> str:
        return decimal_mark(self.country)


def decimal_mark(country: str) -> str:
    """As the Unicode CLDR has it for Spanish in that country: a point in Central America, a comma elsewhere."""
    return "." if country in _DECIMAL_POINT else ","
