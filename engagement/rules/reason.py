"""A sentence that says why, kept as a template and values so that the caller can translate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def gettext_noop(message: str) -> str:
    """Mark ``message`` for the message extractor; the pure rules never translate themselves."""
    return message


def plain_date(day: date) -> str:
    """``12 Aug 2026``, whatever the locale of the process."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def same(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class Reason:
    """``template`` is a ``{name}`` format string and a gettext msgid; ``code`` is stable for tests and filters."""

    code: str
    template: str
    values: Mapping[str, str | int | date | Reason] = field(default_factory=dict)

    def text(self, translate: Callable[[str], str] = same, format_date: Callable[[date], str] = plain_date) -> str:
        """The sentence; pass ``gettext`` and a localised date format to get it in the reader's language."""
        shown: dict[str, str | int] = {}
        for name, value in self.values.items():
            if isinstance(value, Reason):
                shown[name] = value.text(translate, format_date)
            elif isinstance(value, date):
                shown[name] = format_date(value)
            else:
                shown[name] = translate(value) if isinstance(value, str) and value else value
        return translate(self.template).format(**shown)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for a row that keeps why; ``from_json`` reads it back."""
        values: dict[str, Any] = {}
        for name, value in self.values.items():
            if isinstance(value, Reason):
                values[name] = {"reason": value.as_json()}
            else:
                values[name] = {"date": value.isoformat()} if isinstance(value, date) else value
        return {"code": self.code, "template": self.template, "values": values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reason:
        values: dict[str, str | int | date | Reason] = {}
        for name, value in data["values"].items():
            if isinstance(value, Mapping):
                values[name] = (
                    cls.from_json(value["reason"]) if "reason" in value else date.fromisoformat(value["date"])
                )
            else:
                values[name] = value
        return cls(data["code"], data["template"], values)

    def __str__(self) -> str:
        return self.text()
