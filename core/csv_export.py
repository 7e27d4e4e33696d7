"""CSV for people who open it in a spreadsheet: every text is harmless there, numbers and dates stay plain.

A text cell is quoted, and each of its lines that a spreadsheet could take for a formula begins with an apostrophe:
lines that start, after spaces and characters nobody sees, with = + - @ | % or their full-width forms, or with a tab.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | Decimal | date | None
BOM = "\ufeff"
DANGEROUS = frozenset("=+-@|%\u2212")
UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
LINES = re.compile(r"(\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])")


def harmless(text: str) -> str:
    """`text` such that no line of it is a formula."""
    parts = LINES.split(text.replace("\x00", ""))
    return "".join(part if number % 2 else _harmless_line(part) for number, part in enumerate(parts))


def _harmless_line(line: str) -> str:
    for char in line:
        if unicodedata.category(char) in UNSEEN:
            if char == "\t":
                return f"'{line}"
            continue
        return f"'{line}" if unicodedata.normalize("NFKC", char)[:1] in DANGEROUS else line
    return line


def plain(value: Cell) -> str | int:
    """A cell as the CSV writer takes it: texts made harmless, dates ISO, decimals with a point and without exponent."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


class _Line:
    """What `csv.writer` writes to: keeps the one line it was given."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def lines(header: Iterable[str], rows: Iterable[Iterable[Cell]], *, bom: bool = False) -> Iterator[str]:
    """The file line by line, every cell quoted (so that `;` starts no new cell anywhere), ends of line CRLF."""
    line = _Line()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    writer.writerow([harmless(name) for name in header])
    yield (BOM if bom else "") + line.text
    for row in rows:
        writer.writerow([plain(cell) for cell in row])
        yield line.text
