"""What is taken and what is not (reliability 6.3, "Upload"). No database, no Django."""

import io
import tracemalloc

import pytest
from PIL import Image

from enablement.labels import REASONS
from enablement.rules import contents, images
from enablement.rules.kinds import ALLOWED, KINDS, kind_of
from enablement.rules.names import shown_name
from enablement.rules.refusal import RefusedError
from tests.enablement import specimens

REFUSED = [(code, name, data) for code, files in specimens.WORD_LIST.items() for name, data in files]


@pytest.mark.parametrize(("code", "name", "data"), REFUSED, ids=[name for _code, name, _data in REFUSED])
def test_dishonest_file_is_refused_for_its_reason(code, name, data):
    with pytest.raises(RefusedError) as refusal:
        contents.inspect(io.BytesIO(data), kind_of(name))

    assert refusal.value.code == code
    assert str(REASONS[code])


@pytest.mark.parametrize(("name", "data"), specimens.HONEST, ids=[name for name, _data in specimens.HONEST])
def test_honest_file_is_taken(name, data):
    contents.inspect(io.BytesIO(data), kind_of(name))


@pytest.mark.parametrize("name", ["page.html", "image.svg", "x.docm", "x.xlsm", "x.exe", "x.zip", "x.gif", "pdf", ""])
def test_other_endings_are_not_taken(name):
    assert kind_of(name) is None


def test_every_purpose_takes_only_known_kinds():
    assert {extension for allowed in ALLOWED.values() for extension in allowed} == set(KINDS)


def test_embedded_file_holds_no_third():
    inner = specimens.office("xlsx", {"xl/embeddings/again.docx": specimens.office()})
    outer = specimens.office("pptx", {"ppt/embeddings/Sheet1.xlsx": inner})
    with pytest.raises(RefusedError, match="nested"):
        contents.inspect(io.BytesIO(outer), KINDS["pptx"])


def test_embedded_file_is_checked_like_any_other():
    inner = specimens.office("xlsx", {"xl/vbaProject.bin": b"x"})
    outer = specimens.office("pptx", {"ppt/embeddings/Sheet1.xlsx": inner})
    with pytest.raises(RefusedError, match="active_content"):
        contents.inspect(io.BytesIO(outer), KINDS["pptx"])


def test_picture_keeps_its_pixels_and_nothing_else():
    target = io.BytesIO()
    images.rewrite(io.BytesIO(specimens.picture_with_place() + b"PK\x03\x04 appended"), target, "jpg")
    with Image.open(target) as kept:
        assert (dict(kept.getexif()), kept.size) == ({}, (32, 64))
        assert kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for trace in (b"Camera of Mia", b"taken at home", b"appended"):
        assert trace not in target.getvalue()


def test_drawing_keeps_its_transparency():
    source, target = io.BytesIO(), io.BytesIO()
    Image.new("RGBA", (4, 4), (1, 2, 3, 0)).save(source, "PNG")
    images.rewrite(source, target, "png")
    with Image.open(target) as kept:
        assert kept.convert("RGBA").getpixel((0, 0)) == (1, 2, 3, 0)


@pytest.mark.parametrize("data", [specimens.picture()[:200], b"\xff\xd8\xff" + bytes(500)])
def test_broken_picture_is_refused(data):
    with pytest.raises(RefusedError, match="broken"):
        images.rewrite(io.BytesIO(data), io.BytesIO(), "jpg")


def test_huge_picture_is_refused_before_it_is_drawn():
    large = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(large, "PNG")
    tracemalloc.start()
    with pytest.raises(RefusedError, match="too_many_pixels"):
        images.rewrite(large, io.BytesIO(), "png")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_bomb_costs_little_memory():
    data = io.BytesIO(specimens.office("xlsx", {"xl/a.xml": b"<a>1234567890</a>" * 1_100_000}))
    tracemalloc.start()
    contents.inspect(data, KINDS["xlsx"])
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Agreement 2026.pdf", "Agreement 2026.pdf"),
        ("../../x.pdf", "x.pdf"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("con.pdf", "file con.pdf"),
        ("LPT1.tar.pdf", "file LPT1.tar.pdf"),
        ("a.php\x00.pdf", "a.php.pdf"),
        ("a.php%00.pdf", "a.php_00.pdf"),
        ("gnp\u202efdp.pdf", "gnp fdp.pdf"),
        ('a"; rm -rf ".pdf', "a_ rm -rf.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("x" * 5000 + ".pdf", "x" * 120 + ".pdf"),
        ("<img src=x>.pdf", "img src=x.pdf"),
        (" . .pdf", "file.pdf"),
        (".pdf", "file.pdf"),
        ("Verträge №1 💼.pdf", "Verträge №1 💼.pdf"),
    ],
)
def test_shown_name_is_harmless(raw, shown):
    assert shown_name(raw, "pdf") == shown
