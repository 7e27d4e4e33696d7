"""`manage.py import_revenue`: what it prints, its exit codes, and what is left when it is killed half-way."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deals.importing.progress import Progress
from deals.importing.report import report_path
from deals.models import RevenueEntry
from tests.deals.files import HEADER, write

ROOT = Path(__file__).resolve().parents[2]
MAP_TEXT = """
source = "erp"
[partner]
key = "account"
name = "Account {key}"
[entry]
id = "invoice"
group = true
[date]
column = "day"
formats = ["%Y-%m-%d"]
known = "event"
[amount]
column = "amount"
currency = "EUR"
"""


@pytest.fixture
def map_path(tmp_path: Path) -> Path:
    return write(tmp_path, MAP_TEXT, "map.toml")


def command(path: Path, map_path: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_revenue", str(path), "--map", str(map_path), *options, stdout=out)
    return out.getvalue()


def test_command_prints_the_report_and_writes_it_beside_the_file(db: None, tmp_path: Path, map_path: Path) -> None:
    path = write(tmp_path, HEADER + "A1,17,2026-01-05,10\nA2,,2026-01-05,5\nA3,17,2026-01-06,-4\n")
    text = command(path, map_path)
    assert "sales.csv: 3 lines in " in text
    assert "partners   1 created, 0 found" in text
    assert "entries    2 created, 0 updated, 0 same, of these 1 reversals" in text
    assert "money      €10.00 sales, −€4.00 reversals" in text
    assert "refused    1 lines" in text
    assert "1  no account (line 3)" in text
    report = tmp_path / "sales.import-report.csv"
    assert f"report     {report}" in text
    assert report.read_text(encoding="utf-8").splitlines() == [
        "outcome,line,lines,entry,reason,column,value",
        "refused,3,1,A2,no account,account,",
        "created: total,,,,entries in all,,2",
        "updated: total,,,,entries in all,,0",
        "same: total,,,,entries in all,,0",
        "refused: total,,1,,lines in all,,",
        "shift,,,,days all dates were moved,,0",
    ]


def test_command_dry_run_says_so(db: None, tmp_path: Path, map_path: Path) -> None:
    path = write(tmp_path, HEADER + "A1,17,2026-01-05,10\n")
    text = command(path, map_path, "--dry-run", "--report", str(tmp_path / "r.csv"))
    assert "(dry run: nothing was written)" in text
    assert "1 created" in text
    assert RevenueEntry.objects.count() == 0
    assert (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    ("content", "map_content", "code", "complaint"),
    [
        (HEADER, "source = 3", 2, "The map needs source"),
        ("", MAP_TEXT, 1, "sales.csv is empty. Nothing was written."),
        (HEADER + "A1,,2026-01-05,1\n", MAP_TEXT, 1, "Not one line could be taken."),
    ],
)
def test_command_refuses_with_an_exit_code(
    db: None, tmp_path: Path, content: str, map_content: str, code: int, complaint: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        command(write(tmp_path, content), write(tmp_path, map_content, "map.toml"))
    assert refusal.value.returncode == code
    assert complaint in str(refusal.value)


def test_command_move_to_today_names_the_shift(db: None, tmp_path: Path, map_path: Path) -> None:
    path = write(tmp_path, HEADER + "A1,17,2011-01-05,10\n")
    assert "dates      all moved by " in command(path, map_path, "--move-to-today")
    with pytest.raises(CommandError, match="Say --move-to-today again"):
        command(path, map_path)


def test_report_path_falls_back_where_the_folder_is_read_only(tmp_path: Path) -> None:
    assert report_path(tmp_path / "a.csv.gz", tmp_path / "var") == tmp_path / "a.import-report.csv"
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    assert report_path(locked / "a.csv", tmp_path / "var") == tmp_path / "var" / "a.import-report.csv"
    assert report_path(Path("/proc/a.csv"), tmp_path / "var") == tmp_path / "var" / "a.import-report.csv"


# --- progress -------------------------------------------------------------------


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_draws_share_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 0.0, 10.0, 10.05])
    monkeypatch.setattr("deals.importing.progress.time.monotonic", lambda: next(seconds))
    stream = Terminal()
    progress = Progress(stream)
    progress.start("Reading", "lines")
    progress.show(done=50_000, share=0.25)
    progress.show(done=50_001, share=0.25)
    assert stream.getvalue() == "\rReading [######..................] 25 %  50,000 lines  5,000/s  30 s left\033[K"
    progress.finish()
    assert stream.getvalue().endswith("\r\033[K")


def test_progress_is_quiet_without_a_terminal_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("deals.importing.progress.time.monotonic", lambda: clock[0])
    for wanted, lines in ((None, 0), (True, 1)):
        stream = StringIO()
        clock[0] = 0.0
        progress = Progress(stream, wanted=wanted)
        progress.start("Reading", "lines")
        clock[0] = 100.0
        progress.show(done=1, share=0.5)
        assert stream.getvalue().count("\n") == lines


# --- killed ----------------------------------------------------------------------

STATE = """
SELECT p.key, p.name, p.slug, p.joined_on, r.external_id, r.kind, r.amount_minor, r.occurred_at, r.known_at,
       r.superseded_at, r.lines, j.stage, j.entered_at
FROM deals_revenueentry r JOIN partners_partner p ON p.id = r.partner_id
LEFT JOIN lifecycle_journey j ON j.partner_id = p.id ORDER BY r.external_id
"""


def python(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def environment(database: Path, folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
    return {**kept, "DATABASE_URL": f"sqlite:///{database}", "VAR_DIR": str(folder)}


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_import_killed_half_way_and_run_again_ends_in_the_same_state(tmp_path: Path, map_path: Path) -> None:
    lines = (f"I{number:06},{number % 500},2026-01-{number % 28 + 1:02},{number}.10\n" for number in range(60_000))
    path = write(tmp_path, HEADER + "".join(lines))
    template, clean, killed = (tmp_path / f"{name}.sqlite3" for name in ("template", "clean", "killed"))
    env = environment(template, tmp_path)
    subprocess.run(python("migrate", "-v0"), cwd=ROOT, env=env, check=True, timeout=120)
    for database in (clean, killed):
        with sqlite3.connect(template) as source, sqlite3.connect(database) as target:
            source.backup(target)
    arguments = ("import_revenue", str(path), "--map", str(map_path), "--report", str(tmp_path / "r.csv"))

    process = subprocess.Popen(
        python(*arguments), cwd=ROOT, env=environment(killed, tmp_path), stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while rows(killed, "SELECT COUNT(*) FROM deals_revenueentry")[0][0] < 4_000:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)
    half = rows(killed, "SELECT COUNT(*) FROM deals_revenueentry")[0][0]
    assert 0 < half < 60_000
    assert half % 2_000 == 0
    assert rows(killed, "SELECT status FROM deals_importrun") == [("running",)]

    for database in (killed, clean):
        subprocess.run(
            python(*arguments),
            cwd=ROOT,
            env=environment(database, tmp_path),
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
        )
    assert rows(killed, STATE) == rows(clean, STATE)
    assert len(rows(clean, STATE)) == 60_000
    assert rows(killed, "SELECT status FROM deals_importrun ORDER BY id") == [("stopped",), ("done",)]
