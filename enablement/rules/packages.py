"""Office files are archives. Their table of contents is checked before anything is unpacked, then each part as it is.

The bars, and why the ratio is not 10 to 1: docs/adr/0011-files-and-news.md.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from io import SEEK_END
from typing import BinaryIO
from urllib.parse import urlsplit
from xml.parsers import expat

from enablement.rules.kinds import KINDS, Kind
from enablement.rules.refusal import RefusedError

MOST_MEMBERS = 2_000
MOST_UNPACKED = 200 * 1024 * 1024
FREE_UNPACKED = 20 * 1024 * 1024  # below this the ratio is not asked
MOST_RATIO = 40
MOST_DIRECTORY = 1024 * 1024
MOST_XML = 2 * 1024 * 1024  # of the parts read as a whole: content types and relations
CHUNK = 256 * 1024
_END, _END_SIZE = b"PK\x05\x06", 22
_ZIP64_MARK = b"PK\x06\x07"
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\x00",
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"#!")
_MACRO_NAMES = ("vbaproject", "vbadata", "macrosheets/", "activex/", "externallinks/")
_MACRO_TYPES = ("macroenabled", "vbaproject", "activex", "ms-office.vba", "intlmacrosheet", "excel.macrosheet")
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_OVERLAP = 64
_LINK_SCHEMES = {"http", "https", "mailto", ""}


def is_package(file: BinaryIO, size: int) -> bool:
    """An archive ends here, whatever the file begins with."""
    file.seek(max(0, size - 66_000))
    tail = file.read(66_000)
    at = tail.find(_END)
    while at >= 0:
        end = tail[at : at + _END_SIZE]
        if len(end) == _END_SIZE:
            _disk, _first, _here, count, directory, _offset, comment = struct.unpack("<4H2LH", end[4:])
            if count and directory >= 46 * count and directory < size and at + _END_SIZE + comment <= len(tail):
                return True
        at = tail.find(_END, at + 1)
    return False


def look(file: BinaryIO, size: int) -> list[zipfile.ZipInfo]:
    """The members, when the table of contents is small, plain and true to the file's size."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise RefusedError("not_what_it_says")
    _check_end(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, UnicodeError) as error:
        raise RefusedError("broken") from error
    _check_members(members, size)
    return members


def inspect(file: BinaryIO, kind: Kind, *, inside: bool = False) -> None:
    """Unpack every part, a little at a time; `inside` is an office file embedded in another, which holds no third."""
    size = file.seek(0, SEEK_END)
    look(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_types(_whole(archive, "[Content_Types].xml"), kind)
            for member in archive.infolist():
                _inspect_member(archive, member, inside=inside)
    except KeyError as error:
        raise RefusedError("not_what_it_says") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise RefusedError("broken") from error


def _check_end(file: BinaryIO, size: int) -> None:
    """The end record stands at the very end and is small: read before the library builds a row for each member."""
    file.seek(max(0, size - _END_SIZE - 20))
    tail = file.read(_END_SIZE + 20)
    end = tail[-_END_SIZE:]
    if len(end) < _END_SIZE or not end.startswith(_END):
        raise RefusedError("incomplete")
    disk, _first, here, count, directory, offset, comment = struct.unpack("<4H2LH", end[4:])
    if tail[:-_END_SIZE].startswith(_ZIP64_MARK) or disk or comment or here != count:
        raise RefusedError("broken")
    if count > MOST_MEMBERS or directory > MOST_DIRECTORY:
        raise RefusedError("too_many_parts")
    if offset + directory + _END_SIZE != size:
        raise RefusedError("two_in_one")


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > MOST_MEMBERS:
        raise RefusedError("too_many_parts")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED or (unpacked > FREE_UNPACKED and unpacked > MOST_RATIO * size):
        raise RefusedError("unpacks_too_large")
    if sum(member.compress_size for member in members) > size:
        raise RefusedError("broken")  # parts that overlap
    if len({member.filename.lower() for member in members}) != len(members):
        raise RefusedError("broken")
    for member in members:
        _check_member(member)


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in name or "\x00" in name or {"..", "."} & set(parts):
        raise RefusedError("leads_outside")
    if member.external_attr >> 16 & 0o170000 == 0o120000:
        raise RefusedError("leads_outside")  # a symbolic link
    if member.flag_bits & 0x1:
        raise RefusedError("locked")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise RefusedError("broken")
    if any(mark in name.lower() for mark in _MACRO_NAMES):
        raise RefusedError("active_content")


def _inspect_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, inside: bool) -> None:
    name = member.filename.lower()
    if member.is_dir():
        return
    if name.endswith(".rels"):
        _check_relations(_whole(archive, member.filename))
        return
    embedded = KINDS.get(name.rpartition(".")[2]) if "/embeddings/" in name and not inside else None
    if embedded is not None and embedded.main_part:
        with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as copy:
            with archive.open(member) as part:
                while chunk := part.read(CHUNK):
                    copy.write(chunk)
            inspect(copy, embedded, inside=True)  # type: ignore[arg-type]  # a spooled file is a binary file
        return
    _read_through(archive, member)


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Length and checksum are true (the library says so at the end), no archive or program, no document type."""
    before = b""
    with archive.open(member) as part:
        while chunk := part.read(CHUNK):
            if not before and chunk.startswith(_ARCHIVES):
                raise RefusedError("nested")
            if not before and chunk.startswith(_PROGRAMS):
                raise RefusedError("active_content")
            window = before + chunk
            if any(mark in window for mark in _DOCTYPES):
                raise RefusedError("active_content")
            before = window[-_OVERLAP:]


def _whole(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_XML:
        raise RefusedError("too_many_parts")
    return archive.read(name)


def _check_types(xml: bytes, kind: Kind) -> None:
    types = [attributes.get("ContentType", "").lower() for attributes in _elements(xml)]
    if kind.main_part.lower() not in types:
        raise RefusedError("active_content" if _is_active(types) else "not_what_it_says")
    if _is_active(types):
        raise RefusedError("active_content")


def _is_active(types: list[str]) -> bool:
    return any(mark in one for one in types for mark in _MACRO_TYPES)


def _check_relations(xml: bytes) -> None:
    """Nothing is fetched from elsewhere when the file is opened; a link that somebody may press is fine."""
    for attributes in _elements(xml):
        if attributes.get("TargetMode", "").lower() != "external":
            continue
        if not attributes.get("Type", "").endswith("/hyperlink") or not _is_plain_link(attributes.get("Target", "")):
            raise RefusedError("external")


def _is_plain_link(target: str) -> bool:
    """To a page, an address or a place in the file; not to a share, which would be told who pressed."""
    try:
        return urlsplit(target).scheme.lower() in _LINK_SCHEMES and not target.startswith(("\\\\", "//"))
    except ValueError:
        return False


def _elements(xml: bytes) -> list[dict[str, str]]:
    """Attributes of every element. A document type, which is how XML is made to explode, is refused."""
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate()

    def refuse(*_declared: object) -> None:
        raise RefusedError("active_content")

    parser.StartElementHandler = lambda _name, attributes: found.append(attributes)
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise RefusedError("broken") from error
    return found
