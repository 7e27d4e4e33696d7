"""What one cell says: texts, dates and numbers, read strictly. Cells repeat, so what was read is remembered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from deals.importing.refusals import Reason, Refusal

REMEMBERED = 100_000  # values per column; more distinct ones than this and the memory starts anew
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LOST = "\N{REPLACEMENT CHARACTER}"
T = TypeVar("T")


class Memory(dict[str, T]):
    """raw text -> value: a hit is one look into a dictionary, a miss reads the cell. Refusals are not kept."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, raw: str) -> T:
        value = self.read(raw)
        if len(self) >= REMEMBERED:
            self.clear()
        self[raw] = value
        return value


class TextCell:
    """Text of one column: trimmed, NFC, at most `limit` characters, without control characters."""

    def __init__(self, column: str, limit: int) -> None:
        self.column = column
        self.limit = limit

    def __call__(self, raw: str) -> str:
        text = raw.strip()
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if not text.isprintable():
            for char in text:
                category = unicodedata.category(char)
                if category == "Cs":
                    raise Refusal(Reason.ENCODING, self.column, raw)
                if category == "Cc":
                    raise Refusal(Reason.NUL if char == "\0" else Reason.CONTROL, self.column, raw)
        if LOST in text:
            raise Refusal(Reason.ENCODING, self.column, raw)
        if len(text) > self.limit:
            raise Refusal(Reason.TOO_LONG, self.column, raw)
        return text


class DateCell:
    """A moment, as UTC. A value that two formats read differently is refused rather than guessed."""

    def __init__(self, column: str, formats: tuple[str, ...], zone: ZoneInfo, now: datetime) -> None:
        self.column = column
        self.formats = formats
        self.zone = zone
        self.latest = now + timedelta(days=1)

    def __call__(self, raw: str) -> datetime:
        text = raw.strip()
        found: set[datetime] = set()
        for pattern in self.formats:
            try:
                wall = datetime.strptime(text, pattern)  # noqa: DTZ007  the zone follows
                found.add((wall if wall.tzinfo else wall.replace(tzinfo=self.zone)).astimezone(UTC))
            except (ValueError, OverflowError):
                continue
        if len(found) != 1:
            raise Refusal(Reason.AMBIGUOUS_DATE if found else Reason.DATE, self.column, raw)
        moment = found.pop()
        if moment < EARLIEST:
            raise Refusal(Reason.PAST, self.column, raw)
        if moment > self.latest:
            raise Refusal(Reason.FUTURE, self.column, raw)
        return moment


class NumberCell:
    """An exact decimal number, written as the map says: no exponents, no currency signs, no guesses."""

    def __init__(self, column: str, decimal: str, thousands: str) -> None:
        self.column = column
        self.decimal = decimal
        self.thousands = thousands
        point, group = re.escape(decimal), re.escape(thousands)
        grouped = rf"|\d{{1,3}}(?:{group}\d{{3}})+" if thousands else ""
        self.pattern = re.compile(rf"[+\-\N{{MINUS SIGN}}]?(?:(?:\d+{grouped})(?:{point}\d*)?|{point}\d+)", re.ASCII)

    def __call__(self, raw: str) -> Decimal:
        text = raw.strip()
        if len(text) > 60 or not self.pattern.fullmatch(text):
            raise Refusal(Reason.NUMBER, self.column, raw)
        if self.thousands:
            text = text.replace(self.thousands, "")
        text = text.replace(self.decimal, ".").replace("\N{MINUS SIGN}", "-")
        whole, _point, fraction = text.lstrip("+-").partition(".")
        if len(whole.lstrip("0")) > 15 or len(fraction) > 20:
            raise Refusal(Reason.RANGE, self.column, raw)
        return Decimal(text)
