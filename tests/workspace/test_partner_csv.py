"""Every text of an export is harmless in a spreadsheet; numbers and dates stay what they are."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.csv_export import harmless, lines, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("|x", "'|x"),
        ("%0A=1", "'%0A=1"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\t=1", "'\t=1"),
        ("\tplain", "'\tplain"),
        ("＝1", "'＝1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
        ("−5", "'−5"),
        ("fine\n=1", "fine\n'=1"),
        ("fine\r\n +1", "fine\r\n' +1"),
        ("a\u2028=1\v@b", "a\u2028'=1\v'@b"),
        ("=1\n=2", "'=1\n'=2"),
        ("=1\x00", "'=1"),
        ("Quill & Sons", "Quill & Sons"),
        ("a=b", "a=b"),
        ("3 - 4", "3 - 4"),
        ("", ""),
    ],
)
def test_harmless_guards_every_line(text, expected):
    assert harmless(text) == expected


def test_plain_leaves_figures_and_dates_alone():
    assert plain(Decimal("-12.30")) == "-12.30"
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(-3) == -3
    assert plain(date(2026, 11, 21)) == "2026-11-21"
    assert plain(datetime(2026, 11, 21, 9, 5, tzinfo=UTC)) == "2026-11-21T09:05+00:00"
    assert plain(None) == ""


def test_lines_quote_every_cell_and_read_back():
    text = "".join(lines(["Name", "=Score"], [["a;=1", Decimal("-1.5")], ['say "hi"\nthere', None]], bom=True))
    assert text.startswith('\ufeff"Name","\'=Score"\r\n"a;=1","-1.5"\r\n')
    assert list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))[2] == ['say "hi"\nthere', ""]
