"""How fast sales come in, and what it costs: the real file, and as many invoices of one line each.

Prints JSON lines. The import runs as a user would start it, in a process of its own on a fresh database: SQLite always,
PostgreSQL when DATABASE_URL_PG names a server on which databases may be created. `ratio` is the time of the import
divided by that of a bare csv read of the same file, measured right before it. Aims: >= 10,000 lines/s, <= 300 MB.

    REAL_SALES=../shared/data/online_retail.csv.gz python bench/import_revenue.py
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
REAL_SALES = Path(os.environ.get("REAL_SALES", ROOT / "../shared/data/online_retail.csv.gz")).resolve()
REAL_MAP = ROOT / "docs/examples/online_retail.toml"
SINGLE_LINES = int(os.environ.get("BENCH_LINES", "300000"))
SINGLE_MAP = """
source = "bench"
[partner]
key = "account"
name = "Account {key}"
[entry]
id = "invoice"
[date]
column = "day"
formats = ["%Y-%m-%d %H:%M:%S"]
known = "event"
[amount]
column = "amount"
currency = "EUR"
"""


def bare_read(path: Path) -> float:
    """Seconds to unpack and split the file, and nothing else: the best of three."""
    opened = gzip.open if path.suffix == ".gz" else open
    best = float("inf")
    for _attempt in range(3):
        began = time.perf_counter()
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            for _row in csv.reader(file):
                pass
        best = min(best, time.perf_counter() - began)
    return best


def single_line_invoices(path: Path) -> None:
    """SINGLE_LINES invoices of one line each over 10,000 accounts: every line becomes a row of the database."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("invoice", "account", "day", "amount"))
        for number in range(SINGLE_LINES):
            day = f"{2020 + number % 6}-{number % 12 + 1:02}-{number % 28 + 1:02} {number % 24:02}:{number % 60:02}:00"
            writer.writerow((f"I{number:08}", number * 7919 % 10_000, day, f"{number % 5000}.{number % 100:02}"))


@contextmanager
def databases(folder: Path) -> Iterator[list[tuple[str, str]]]:
    """(name, DATABASE_URL) of fresh databases; the one on PostgreSQL is dropped afterwards."""
    found = [("sqlite", f"sqlite:///{folder / 'bench.sqlite3'}")]
    server = os.environ.get("DATABASE_URL_PG", "")
    if not server:
        yield found
        return
    import psycopg2

    name = f"prm_bench_import_{os.getpid()}"
    parts = urlsplit(server)
    admin = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield [*found, ("postgresql", urlunsplit(parts._replace(path=f"/{name}")))]
    finally:
        with admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


def measured(arguments: list[str], env: dict[str, str]) -> tuple[float, float, float]:
    """Run manage.py; returns (wall seconds, CPU seconds, peak memory in MB) of that one process."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"manage.py {arguments[0]} failed with exit code {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def bench(case: str, path: Path, mapping: Path, lines: int, folder: Path) -> None:
    with databases(folder) as found:
        for name, url in found:
            kept = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
            env = {**kept, "DATABASE_URL": url, "VAR_DIR": str(folder)}
            measured(["migrate", "-v0"], env)
            for run in ("first", "again"):
                bare = bare_read(path)
                report = folder / f"{case}-{run}.csv"
                arguments = ["import_revenue", str(path), "--map", str(mapping), "--report", str(report)]
                seconds, cpu, peak = measured(arguments, env)
                print(
                    json.dumps(
                        {
                            "bench": "import_revenue",
                            "case": case,
                            "database": name,
                            "run": run,
                            "lines": lines,
                            "seconds": round(seconds, 2),
                            "cpu_seconds": round(cpu, 2),
                            "lines_per_second": round(lines / seconds),
                            "lines_per_cpu_second": round(lines / cpu),
                            "peak_mb": round(peak, 1),
                            "bare_csv_seconds": round(bare, 3),
                            "ratio": round(seconds / bare, 1),
                            "ok": lines / seconds >= 10_000 and peak <= 300,
                        }
                    ),
                    flush=True,
                )
        for path_of_database in folder.glob("bench.sqlite3*"):
            path_of_database.unlink()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="prm-bench-") as name:
        folder = Path(name)
        if REAL_SALES.exists():
            bench("real_sales", REAL_SALES, REAL_MAP, 541_909, folder)
        else:
            reason = f"{REAL_SALES} is not there; UCI Online Retail, doi 10.24432/C5BW33, named by REAL_SALES"
            print(json.dumps({"bench": "import_revenue", "case": "real_sales", "not_run": reason}))
        single, mapping = folder / "single.csv", folder / "single.toml"
        single_line_invoices(single)
        mapping.write_text(SINGLE_MAP, encoding="utf-8")
        bench("one_line_invoices", single, mapping, SINGLE_LINES, folder)


if __name__ == "__main__":
    main()
