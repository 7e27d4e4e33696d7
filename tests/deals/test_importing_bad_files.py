"""Files in every bad state: each is refused in words with a line number, whole or line by line, and never crashes."""

import gzip
import os
from pathlib import Path

import pytest

from deals.importing.refusals import FileRefusedError
from deals.importing.report import Report
from deals.models import ImportRun, RevenueEntry
from partners.models import Partner
from tests.deals.files import HEADER, entries, map_with, run, write

GOOD = "A1,17,2026-01-05,10.00\n"
ONE = [("A1", "17", "sale", 1000, "2026-01-05")]
LINES = HEADER + GOOD


def whole_refusal(path: Path, **sections: object) -> str:
    with pytest.raises(FileRefusedError) as refusal:
        run(path, map_with(**sections))
    assert (Partner.objects.count(), RevenueEntry.objects.count(), ImportRun.objects.count()) == (0, 0, 0)
    assert not list(path.parent.glob("*report*"))
    return refusal.value.message


def reasons(report: Report) -> dict[str, list[tuple[int, str]]]:
    return dict(report.examples)


# --- files that are refused whole ---------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("s.csv", b"", "s.csv is empty."),
        ("s.csv.gz", gzip.compress(b"", mtime=0), "s.csv.gz is empty."),
        ("s.csv", b"\n" + GOOD.encode(), "The first line of s.csv is empty"),
        ("s.csv", b"PK\x03\x04rest", "s.csv is a workbook or a zip archive."),
        ("s.csv.gz", LINES.encode(), "s.csv.gz is called .gz but is not packed with gzip."),
        ("s.csv", b"\x1f\x8bnot really", "s.csv is damaged: it cannot be unpacked."),
        ("s.csv", LINES.encode("utf-16-le"), "s.csv is not text, or text in UTF-16"),
        ("s.csv", b"invoice,account,day\nA1,17,2026-01-05\n", "The header in line 1 lacks: amount."),
        ("s.csv", b"invoice,acount,day,amount\n", "lacks: account (is it acount?)"),
        ("s.csv", b"invoice,account,day,amount,amount\n", "names the column amount more than once"),
        ("s.csv", (",".join(f"c{n}" for n in range(10_000)) + "\n").encode(), "names 10000 columns; at most 500"),
        ("s.csv", (LINES + 'A2,17,"2026-01-05,1.00\n').encode(), "A quote that opens in line 3 is never closed"),
        ("s.csv", (HEADER + GOOD + 'A2,"17' + "\nx" * 500).encode(), "A quote that opens in line 3 is never closed"),
        ("s.csv", (LINES + "A2,17," + "9" * 10_000_000 + ",1\n").encode(), "Line 3 is longer than 1,000,000"),
        ("s.csv", LINES.encode() + b'"' + b"x\n" * 90_000, "A quote that opens in line 3 is never closed"),
    ],
)
def test_file_is_refused_whole(db: None, tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    assert complaint in whole_refusal(write(tmp_path, content, name))


def test_file_cut_short_while_copying_is_refused_whole(db: None, tmp_path: Path) -> None:
    rows = "".join(f"A{number},17,2026-01-05,{number}.00\n" for number in range(20_000))
    packed = gzip.compress((HEADER + rows).encode())
    assert "ends in the middle (after line " in whole_refusal(write(tmp_path, packed[: len(packed) // 2], "s.csv.gz"))
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    assert "is damaged (after line " in whole_refusal(write(tmp_path, bytes(damaged), "s.csv.gz"))


def test_file_that_is_no_file_is_refused(db: None, tmp_path: Path) -> None:
    assert "There is no file" in whole_refusal(tmp_path / "none.csv")
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert "is a folder" in whole_refusal(folder)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is not a file" in whole_refusal(pipe)


def test_file_with_another_delimiter_than_the_map_says_is_refused(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, LINES.replace(",", ";"))
    assert "The header in line 1 lacks: account, invoice, day, amount" in whole_refusal(path, file={"delimiter": ","})


# --- files that are odd, but clear ---------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.encode("utf-16"),
        LINES.replace(",", ";").encode(),
        LINES.replace(",", "\t").encode(),
        LINES.replace(",", "|").encode(),
        LINES.replace("\n", "\r").encode(),
        LINES.replace("\n", "\r\n").encode(),
        HEADER.replace("\n", "\r\n").encode() + GOOD.encode(),
        (LINES + "\n\n").encode(),
        (HEADER + '"A1","17","2026-01-05","10.00"').encode(),
        b" invoice , account,day ,amount\nA1, 17 , 2026-01-05,10.00 \n",
        b"x,amount,day,account,invoice,x\n?,10.00,2026-01-05,17,A1,?\n",
        gzip.compress(LINES.encode(), mtime=0),
        LINES.encode() + b"\xef\xbb\xbf"[:0],
    ],
    ids=lambda content: repr(content[:24]),
)
def test_file_is_read_whatever_its_marks_and_line_ends(db: None, tmp_path: Path, content: bytes) -> None:
    report = run(write(tmp_path, content))
    assert entries() == ONE
    assert report.refused_lines == 0


def test_file_in_another_encoding_is_read_as_the_map_says(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, "invoice,account,day,amount,firm\nA1,17,2026-01-05,10.00,Café\n".encode("cp1252"))
    report = run(path, map_with(file={"encoding": "cp1252"}, partner={"name": None, "name_column": "firm"}))
    assert report.refused_lines == 0
    assert Partner.objects.get().name == "Café"


def test_file_with_a_header_only_holds_nothing(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, HEADER))
    assert (report.lines, report.refused_lines, ImportRun.objects.count()) == (0, 0, 0)


# --- lines that are refused ------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason", "value"),
    [
        (b"A2,17,2026-01-05", "columns", "3 cells instead of 4"),
        (b"A2,17,2026-01-05,1,2", "columns", "5 cells instead of 4"),
        (b"A2,17,2026-01-05," + b"1," * 10_000 + b"1", "columns", "10004 cells instead of 4"),
        (b'A2,"17"x,2026-01-05,1', "quotes", ""),
        (b"A2,17,2026-01-05,ten", "number", "ten"),
        (b"A2,17,2026-01-05,1e309", "number", "1e309"),
        (b"A2,17,2026-01-05,", "number", ""),
        (b"A2,17,05.01.2026,1", "date", "05.01.2026"),
        (b"A2,17,,1", "date", ""),
        (b"A2,,2026-01-05,1", "no_account", ""),
        (b"A2,   ,2026-01-05,1", "no_account", ""),
        (b",17,2026-01-05,1", "no_id", ""),
        (b"A2,17\0,2026-01-05,1", "nul", "17\\x00"),
        (b"A2,caf\xe9,2026-01-05,1", "encoding", "caf\\udce9"),
        (b"A2,\xed\xa0\x80,2026-01-05,1", "encoding", "\\udced\\udca0\\udc80"),
        (b'A2,"1\n7",2026-01-05,1', "control", "1\\n7"),
        (b"A2," + b"x" * 121 + b",2026-01-05,1", "too_long", "x" * 121),
        (b"A2," + b"x" * 200_000 + b",2026-01-05,1", "too_long", "a cell of more than 131072 characters"),
        (b"A2,17,2026-01-05,9999999999999999", "range", "9999999999999999"),
        (b"A2,17,2026-01-05,99999999999999.5", "range", "99999999999999.5"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_line_is_refused_alone(db: None, tmp_path: Path, line: bytes, reason: str, value: str) -> None:
    path = write(tmp_path, HEADER.encode() + GOOD.encode() + line + b"\nA3,18,2026-01-06,3\n")
    report = run(path)
    assert entries() == [*ONE, ("A3", "18", "sale", 300, "2026-01-06")]
    assert reasons(report) == {reason: [(3, value)]}
    assert report.path is not None
    assert "\nrefused,3,1," in report.path.read_text(encoding="utf-8")


def test_line_with_broken_bytes_in_a_column_nobody_uses_is_taken(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, b"invoice,account,day,amount,note\nA1,17,2026-01-05,10.00,caf\xe9\n")
    assert run(path).refused_lines == 0
    assert entries() == ONE


def test_line_with_text_from_right_to_left_and_emoji_is_taken(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, "invoice,account,day,amount,firm\nA1,17,2026-01-05,10.00,شركة 😀\n")
    run(path, map_with(partner={"name": None, "name_column": "firm"}))
    assert Partner.objects.get().name == "شركة 😀"


def test_report_never_holds_a_formula(db: None, tmp_path: Path) -> None:
    lines = "".join(f"A{n},17,2026-01-05,{cell}\n" for n, cell in enumerate(["=1+1", " @x", "|x", "＝1"]))
    report = run(write(tmp_path, HEADER + lines))
    assert report.path is not None
    cells = [row.rsplit(",", 1)[-1] for row in report.path.read_text(encoding="utf-8").splitlines()[1:5]]
    assert cells == ["'=1+1", "' @x", "'|x", "'＝1"]


def test_report_that_cannot_be_written_stops_the_import_before_it_begins(db: None, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match=r"The report .* cannot be written"):
        run(write(tmp_path, LINES), report_to=tmp_path / "no" / "folder.csv")
    assert RevenueEntry.objects.count() == 0
