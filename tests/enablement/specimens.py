"""Files to send, honest and not: each a name and its bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
CSV = "Name;Betrag\nMüller;12,50\n".encode()
EXE = b"MZ\x90\x00" + bytes(60) + b"PE\x00\x00" + bytes(400)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
MAIN = {
    "docx": "wordprocessingml.document.main+xml",
    "xlsx": "spreadsheetml.sheet.main+xml",
    "pptx": "presentationml.presentation.main+xml",
}
PREFIX = "application/vnd.openxmlformats-officedocument."
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def types(*names: str) -> bytes:
    parts = "".join(f'<Override PartName="/p{n}.xml" ContentType="{name}"/>' for n, name in enumerate(names))
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0"?><Types xmlns="{space}">{parts}</Types>'.encode()


def relation(kind: str, target: str, mode: str = "External") -> bytes:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    one = f'<Relationship Id="r1" Type="{RELS}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    return f'<?xml version="1.0"?><Relationships xmlns="{space}">{one}</Relationships>'.encode()


def office(extension: str = "docx", extra: dict[str, bytes] | None = None, **changes: Any) -> bytes:
    """A small office file; `extra` adds parts, `main` replaces the content type of the document."""
    parts = {
        "[Content_Types].xml": types(changes.get("main", PREFIX + MAIN[extension])),
        "_rels/.rels": relation("officeDocument", "word/document.xml", "Internal"),
        "word/document.xml": b"<w:document>Agreed.</w:document>",
        **(extra or {}),
    }
    return archive(parts)


def archive(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 32), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(target, kind, **options)
    return target.getvalue()


def picture_with_place() -> bytes:
    exif = Image.Exif()
    exif[0x0110] = "Camera of Mia"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)  # latitude
    return picture(exif=exif, comment=b"taken at home")


def huge_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """A few hundred bytes that would be 2.7 GB when drawn."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def bomb(megabytes: int = 199) -> bytes:
    return office("xlsx", {"xl/worksheets/sheet1.xml": bytes(megabytes * 1024 * 1024)})


def nested(levels: int) -> bytes:
    inner = b"end"
    for _level in range(levels):
        inner = archive({"next.zip": inner}, zipfile.ZIP_STORED)
    return office("docx", {"word/media/next.zip": inner})


def lying_length() -> bytes:
    """A part whose table of contents says 10 bytes, while it unpacks to 5 MB."""
    data = office("docx", {"word/big.xml": bytes(5 * 1024 * 1024)})
    true, false = struct.pack("<I", 5 * 1024 * 1024), struct.pack("<I", 10)
    return data.replace(true, false)


def link_member() -> bytes:
    target = io.BytesIO(office())
    with zipfile.ZipFile(target, "a") as made:
        info = zipfile.ZipInfo("word/link.xml")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    return target.getvalue()


def with_password_mark() -> bytes:
    data = bytearray(office())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


WORD_LIST = {
    "leads_outside": [
        ("zip slip.docx", office(extra={"../../etc/cron.d/x": b"x"})),
        ("root.docx", office(extra={"/etc/passwd": b"x"})),
        ("windows.docx", office(extra={"C:\\x.xml": b"x"})),
        ("link.docx", link_member()),
    ],
    "active_content": [
        ("macro.docx", office(extra={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"})),
        ("docm.docx", office(main="application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("activex.docx", office(extra={"word/activeX/activeX1.xml": b"<x/>"})),
        ("sheet.xlsx", office("xlsx", {"xl/macrosheets/sheet1.xml": b"<x/>"})),
        ("laughs.docx", office(extra={"word/styles.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'})),
        ("laughs 16.docx", office(extra={"word/s.xml": "<!DOCTYPE x []><x/>".encode("utf-16")})),
        ("rels.docx", office(extra={"word/_rels/document.xml.rels": b"<!DOCTYPE x []><x/>"})),
        ("program.docx", office(extra={"word/media/image1.png": EXE})),
        ("ole.docx", office(extra={"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx"})),
    ],
    "external": [
        ("template.docx", office(extra={"word/_rels/s.xml.rels": relation("attachedTemplate", "https://evil.test/a")})),
        ("image.docx", office(extra={"word/_rels/document.xml.rels": relation("image", "https://evil.test/a.png")})),
        ("ole.xlsx", office("xlsx", {"xl/_rels/w.xml.rels": relation("oleObject", "file:///c:/x")})),
        ("share.docx", office(extra={"word/_rels/document.xml.rels": relation("hyperlink", "\\\\evil.test\\share")})),
        ("file link.docx", office(extra={"word/_rels/document.xml.rels": relation("hyperlink", "file:///etc")})),
        ("script.docx", office(extra={"word/_rels/document.xml.rels": relation("hyperlink", "javascript:alert(1)")})),
    ],
    "unpacks_too_large": [("bomb.xlsx", bomb()), ("more.xlsx", bomb(201))],
    "nested": [("nested.docx", nested(1000)), ("gzip.docx", office(extra={"word/a.bin": b"\x1f\x8b\x08rest"}))],
    "too_many_parts": [("parts.docx", office(extra={f"word/{n}.xml": b"" for n in range(2_000)}))],
    "locked": [("secret.docx", with_password_mark())],
    "two_in_one": [
        ("hidden.pdf", PDF + archive({"a.txt": b"x"})),
        ("before.docx", b"PK\x03\x04" + office()),
    ],
    "broken": [("lie.docx", lying_length()), ("twice.docx", office(extra={"WORD/DOCUMENT.XML": b"<x/>"}))],
    "incomplete": [
        ("cut.pdf", PDF[:40]),
        ("cut.docx", office()[:-30]),
        ("after.docx", office() + b"<script>"),
    ],
    "empty": [("none.pdf", b""), ("none.csv", b"")],
    "too_many_pixels": [("huge.png", huge_png()), ("long.png", huge_png(20_000, 10))],
    "not_what_it_says": [
        ("exe.pdf", EXE),
        ("exe.csv", EXE),
        ("page.png", HTML),
        ("page.csv", HTML),
        ("page.jpg", HTML),
        ("drawing.png", SVG),
        ("drawing.csv", b"\xef\xbb\xbf  " + SVG),
        ("gif.png", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)"),
        ("docx.pdf", office()),
        ("pdf.docx", PDF),
        ("late.pdf", b"\n" + PDF),
        ("sheet as text.docx", office("xlsx")),
        ("plain zip.xlsx", archive({"a.txt": b"x"})),
        ("png.jpg", picture("PNG")),
        ("binary.csv", b"a;b\n" + bytes(range(256))),
    ],
}
HONEST = [
    ("contract.pdf", PDF),
    ("pack.docx", office()),
    ("pack.pptx", office("pptx")),
    ("list.xlsx", office("xlsx")),
    ("links.docx", office(extra={"word/_rels/document.xml.rels": relation("hyperlink", "https://partner.test/a")})),
    ("chart.pptx", office("pptx", {"ppt/embeddings/Sheet1.xlsx": office("xlsx")})),
    ("prices.csv", CSV),
    ("prices windows.csv", "Müller;1\n".encode("cp1252")),
    ("prices 16.csv", "Müller;1\n".encode("utf-16")),
    ("photo.jpg", picture()),
    ("photo.jpeg", picture()),
    ("drawing.png", picture("PNG")),
]
