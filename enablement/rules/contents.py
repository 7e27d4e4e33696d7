"""What a file really is. Plain functions over an open file: they read little at a time and never trust a length.

`look` is quick and bounded (a few hundred KB read), for the web process. `inspect` reads all of it, for a worker.
Both raise `RefusedError` with one of the codes below; the words stand in `enablement/labels.py`.
"""

from __future__ import annotations

import codecs
from io import SEEK_END
from typing import BinaryIO

from enablement.rules import images, packages
from enablement.rules.kinds import IMAGE, OFFICE, PDF, TEXT, Kind
from enablement.rules.refusal import RefusedError

CHUNK = 64 * 1024
_ENDS_WITHIN = 2048
_MARKUP = (b"<", b"%PDF", b"PK\x03\x04", b"\x7fELF", b"#!")


def look(file: BinaryIO, kind: Kind) -> None:
    """Beginning, end and table of contents agree with the extension."""
    size = file.seek(0, SEEK_END)
    if size == 0:
        raise RefusedError("empty")
    file.seek(0)
    start = file.read(1024)
    if kind.family == PDF:
        _look_at_pdf(file, start, size)
    elif kind.family == IMAGE:
        images.look(start, kind.extension)
    elif kind.family == OFFICE:
        packages.look(file, size)
    else:
        _look_at_text(start)


def inspect(file: BinaryIO, kind: Kind) -> None:
    """Everything inside is what it says it is. Images are proved by writing them anew instead (`images.rewrite`)."""
    look(file, kind)
    if kind.family == OFFICE:
        packages.inspect(file, kind)
    elif kind.family == TEXT:
        _inspect_text(file)


def _look_at_pdf(file: BinaryIO, start: bytes, size: int) -> None:
    if not start.startswith((b"%PDF-1.", b"%PDF-2.")):
        raise RefusedError("not_what_it_says")
    file.seek(max(0, size - _ENDS_WITHIN))
    if b"%%EOF" not in file.read(_ENDS_WITHIN):
        raise RefusedError("incomplete")
    if packages.is_package(file, size):
        raise RefusedError("two_in_one")


def _look_at_text(start: bytes) -> None:
    text = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    if text.startswith(_MARKUP):
        raise RefusedError("not_what_it_says")


def _inspect_text(file: BinaryIO) -> None:
    """Text of one of three encodings, without the control characters that no table has."""
    file.seek(0)
    encoding = _encoding(file)
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    while True:
        chunk = file.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise RefusedError("not_what_it_says") from error
        if any(one < " " and one not in "\t\r\n\x0c" for one in text):
            raise RefusedError("not_what_it_says")
        if not chunk:
            return


def _encoding(file: BinaryIO) -> str:
    """UTF-8 if it reads as such, UTF-16 if it is marked, else the code page of Western Windows."""
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"
