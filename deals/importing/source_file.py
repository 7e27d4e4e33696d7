"""The file itself: opened, unpacked, decoded and cut into rows, line by line, whatever state it is in."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from deals.importing.mapping import DELIMITERS, ImportMap
from deals.importing.refusals import FileRefusedError, Reason, Refusal

MAX_LINE = 1_000_000  # characters
MAX_CELL_LINES = 100  # lines one quoted cell may run over
MAX_COLUMNS = 500
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

Broken = Callable[[int, int, Refusal, list[str] | None], None]


class SourceFile:
    """An open CSV or CSV.gz. `columns` maps the names the map uses to positions; `rows()` yields (line, cells)."""

    def __init__(self, path: Path, mapping: ImportMap) -> None:
        self.path = path
        self.line = 0  # lines read so far, the header included
        self._record_start = 1
        self._nul_lines: list[int] = []
        self._raw = _open(path)
        try:
            self.size = path.stat().st_size
            self._text = self._decoded(mapping)
            self._read_header(mapping)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._raw.close()

    def position(self) -> int:
        """Bytes of the file read so far (of the packed file, if it is packed)."""
        return self._raw.tell()

    def rows(self, broken: Broken) -> Iterator[tuple[int, list[str]]]:
        """Every data row with the line it begins on. What is no row goes to `broken(line, lines, refusal, cells)`."""
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        width = len(self.header)
        nul_lines = self._nul_lines
        while True:
            start = self._record_start = self.line + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._csv_error(error, start, broken)
                continue
            if nul_lines:
                nul_lines.clear()
                broken(start, self.line - start + 1, Refusal(Reason.NUL, "", _visible(row)), row)
            elif len(row) == width:
                yield start, row
            elif row:
                refusal = Refusal(Reason.COLUMNS, "", _("{} cells instead of {}").format(len(row), width))
                broken(start, self.line - start + 1, refusal, row)

    def _csv_error(self, error: csv.Error, start: int, broken: Broken) -> None:
        words = str(error)
        if "field larger" in words and self.line == start:
            limit = csv.field_size_limit()
            refusal = Refusal(Reason.TOO_LONG, "", _("a cell of more than {} characters").format(limit))
        elif "field larger" in words or "unexpected end" in words:
            raise self._unclosed(start) from error
        else:
            refusal = Refusal(Reason.QUOTES)
        self._nul_lines.clear()
        broken(start, self.line - start + 1, refusal, None)

    def _lines(self) -> Iterator[str]:
        """Physical lines with any line end. Nothing longer than MAX_LINE is ever held."""
        readline = self._text.readline
        while text := self._read(readline):
            self.line += 1
            if len(text) > MAX_LINE:
                raise FileRefusedError(
                    _("Line {} is longer than {} characters. Is a quote not closed?").format(self.line, f"{MAX_LINE:,}")
                )
            if self.line - self._record_start >= MAX_CELL_LINES:
                raise self._unclosed(self._record_start)
            if "\0" in text:
                self._nul_lines.append(self.line)
            yield text

    def _read(self, readline: Callable[[int], str]) -> str:
        try:
            return readline(MAX_LINE + 1)
        except EOFError as error:
            raise FileRefusedError(
                _("{} ends in the middle (after line {}): the packed file is incomplete. Copy it again.").format(
                    self.path.name, self.line
                )
            ) from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise FileRefusedError(
                _("{} is damaged (after line {}): it cannot be unpacked. Copy it again.").format(
                    self.path.name, self.line
                )
            ) from error
        except OSError as error:
            raise FileRefusedError(
                _("{} cannot be read further than line {}: {}.").format(self.path.name, self.line, error.strerror)
            ) from error

    def _unclosed(self, line: int) -> FileRefusedError:
        return FileRefusedError(
            _("A quote that opens in line {} is never closed, so the lines after it cannot be told apart.").format(line)
        )

    def _decoded(self, mapping: ImportMap) -> io.TextIOWrapper:
        data: BinaryIO = self._raw
        path = self.path
        magic = self._raw.peek(4)  # type: ignore[attr-defined]  # what open() gives is a BufferedReader
        if magic.startswith(ZIP):
            raise FileRefusedError(
                _("{} is a workbook or a zip archive. Save it as CSV and import that.").format(self.path.name)
            )
        if magic.startswith(GZIP):
            data = io.BufferedReader(gzip.GzipFile(fileobj=self._raw), 1 << 18)  # type: ignore[arg-type, assignment]
        elif self.path.suffix == ".gz":
            raise FileRefusedError(_("{} is called .gz but is not packed with gzip.").format(self.path.name))
        try:
            first = data.peek(4)  # type: ignore[attr-defined]  # a BufferedReader in both cases
        except (EOFError, zlib.error, OSError) as error:
            raise FileRefusedError(
                _("{} is damaged: it cannot be unpacked. Copy it again.").format(path.name)
            ) from error
        encoding = next((name for mark, name in MARKS.items() if first.startswith(mark)), mapping.encoding)
        # Bytes that are no text come through as marks, so that only cells in use are judged by them.
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        return io.TextIOWrapper(data, encoding=encoding, errors=errors, newline=None)

    def _read_header(self, mapping: ImportMap) -> None:
        text = next(self._lines(), "")
        if not text.strip():
            raise FileRefusedError(
                _("The first line of {} is empty; it must name the columns.").format(self.path.name)
                if text
                else _("{} is empty.").format(self.path.name)
            )
        if "\0" in text:
            raise FileRefusedError(
                _("{} is not text, or text in UTF-16: then set encoding in [file] of the map.").format(self.path.name)
            )
        candidates = [mapping.delimiter] if mapping.delimiter else list(dict.fromkeys(DELIMITERS.values()))
        headers = {delimiter: _cut(text, delimiter) for delimiter in candidates}
        needed = mapping.columns
        self.delimiter = max(headers, key=lambda sign: sum(column in headers[sign] for column in needed))
        self.header = headers[self.delimiter]
        if len(self.header) > MAX_COLUMNS:
            raise FileRefusedError(
                _("The header in line 1 names {} columns; at most {} are read.").format(len(self.header), MAX_COLUMNS)
            )
        if missing := [column for column in needed if column not in self.header]:
            raise FileRefusedError(_missing(missing, self.header, needed))
        if double := [column for column in needed if self.header.count(column) > 1]:
            raise FileRefusedError(
                _("The header in line 1 names the column {} more than once; which one is meant?").format(
                    ", ".join(double)
                )
            )
        self.columns = {column: self.header.index(column) for column in needed}


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise FileRefusedError(_("{} is a folder; name one file.").format(path))
        if not path.exists():
            raise FileRefusedError(_("There is no file {}.").format(path))
        if not path.is_file():
            raise FileRefusedError(_("{} is not a file.").format(path))
        if path.stat().st_size == 0:
            raise FileRefusedError(_("{} is empty.").format(path.name))
        return path.open("rb", buffering=1 << 18)
    except OSError as error:
        raise FileRefusedError(_("{} cannot be opened: {}.").format(path, error.strerror)) from error


def _cut(text: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True), [])]
    except csv.Error:
        return [cell.strip().strip('"') for cell in text.split(delimiter)]


def _missing(missing: list[str], header: list[str], needed: tuple[str, ...]) -> str:
    words = []
    spare = [name for name in header if name not in needed]
    for column in missing:
        near = difflib.get_close_matches(column, spare, n=1)
        words.append(_("{} (is it {}?)").format(column, near[0]) if near else column)
    shown = ", ".join(name[:40] for name in header[:20])
    return _("The header in line 1 lacks: {}. It has: {}.").format(", ".join(words), shown)


def _visible(row: list[str]) -> str:
    return next((cell for cell in row if "\0" in cell), "")
