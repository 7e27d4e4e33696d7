#!/usr/bin/env python3
"""Health for many partners: time, time over one plain SQL statement, growth, memory, one and two workers.

    python bench/health.py                    SQLite and, where a server answers, PostgreSQL; 1,000 and 10,000 partners
    python bench/health.py --sizes 1000 10000 100000 --entries 10

Prints JSON lines. Each database is made for the bench and removed after it. PostgreSQL: BENCH_POSTGRES, default
postgres://postgres@127.0.0.1:5432/postgres. 10,000 partners have 100 revenue entries each (1,000,000); for the growth
from 1,000 to 100,000 every partner has 10, so that the largest has as many. Figures of one run: best of three, SQL and
health in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
DAY = date(2026, 6, 30)
SPAN_DAYS = 800
REPEATS = 3


def say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of partners")
    parser.add_argument("--entries", type=int, default=100, help="revenue entries per partner")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--role", choices=["measure", "work"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "work":
        work()
    elif options.role == "measure":
        measure(options.sizes, options.entries)
    else:
        plans = (
            [(options.sizes, options.entries)] if options.sizes else [([10_000], 100), ([1_000, 10_000, 100_000], 10)]
        )
        for sizes, entries in plans:
            for name in ("sqlite", "postgresql"):
                if options.only in {None, name}:
                    on_database(name, sizes, entries)


def on_database(name: str, sizes: list[int], entries: int) -> None:
    """Run the measurements in a child whose settings point at a fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "sqlite":
            url = f"sqlite:///{folder}/bench.sqlite3"
        else:
            url = fresh_postgres()
            if not url:
                say(bench="health", database=name, not_run="no PostgreSQL server answers at BENCH_POSTGRES")
                return
        env = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR", "VAR_DIR": folder, "REPORTING_CURRENCY": "EUR"}
        command = [sys.executable, __file__, "--role", "measure", "--entries", str(entries)]
        subprocess.run([*command, "--sizes", *map(str, sizes)], env=env, check=True)
        if name == "postgresql":
            fresh_postgres(keep=False)


def fresh_postgres(*, keep: bool = True) -> str:
    """The URL of an empty database beside the one named by BENCH_POSTGRES; "" when no server answers."""
    import psycopg2

    name = "prm_bench_health"
    try:
        connection = psycopg2.connect(POSTGRES)
    except psycopg2.OperationalError:
        return ""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if keep:
            cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()


def start_django() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    import django

    django.setup()


def measure(sizes: list[int], entries: int) -> None:
    start_django()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    made, day = 0, DAY - timedelta(days=2 * REPEATS * len(sizes))
    for size in sorted(sizes):
        fill(made, size, entries)
        made = size
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        by_sql, alone, pairs = [], [], []
        for _repeat in range(REPEATS):
            by_sql.append(plain_sql())
            day += timedelta(days=1)
            alone.append(one_run(day, workers=1))
            day += timedelta(days=1)
            pairs.append(one_run(day, workers=2))
        best, two = (min(runs, key=lambda run: run["seconds"]) for runs in (alone, pairs))
        say(
            bench="health",
            database=connection.vendor,
            partners=size,
            entries=size * entries,
            sql_seconds=round(min(by_sql), 3),
            seconds=round(best["seconds"], 3),
            of_which_fit=round(best["start"], 3),
            ratio=round(best["seconds"] / min(by_sql), 2),
            milliseconds_per_partner=round(1000 * best["seconds"] / size, 3),
            seconds_2_workers=round(two["seconds"], 3),
            ratio_2_workers=round(two["seconds"] / min(by_sql), 2),
            worker_peak_mb=max(best["peak_mb"], two["peak_mb"]),
            chunk=chunk_size(),
        )


def chunk_size() -> int:
    from django.conf import settings

    return settings.HEALTH_CHUNK


def fill(made: int, size: int, entries: int) -> None:
    """Partners with a journey and `entries` sales each, written with as few statements as the database allows."""
    from deals.models import RevenueEntry
    from health.bulk import insert_or_ignore
    from lifecycle.models import StageChange
    from partners.models import Partner, TierChange

    chance = random.Random(size)
    begun = datetime(2024, 1, 1, tzinfo=UTC)
    newest = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    for start in range(made, size, 500):
        numbers = range(start, min(start + 500, size))
        Partner.objects.bulk_create(
            Partner(name=f"Partner {n}", slug=f"partner-{n}", search_name=f"partner {n}", tier="silver")
            for n in numbers
        )
        ids = list(Partner.objects.filter(slug__in=[f"partner-{n}" for n in numbers]).values_list("pk", flat=True))
        facts = [(pk, begun, begun, False) for pk in ids]
        insert_or_ignore(
            StageChange,
            ("partner", "occurred_at", "known_at", "known_asserted", "from_stage", "to_stage", "reason"),
            [(*fact, "", "growth", "") for fact in facts],
        )
        insert_or_ignore(
            TierChange,
            ("partner", "occurred_at", "known_at", "known_asserted", "tier", "reason"),
            [(*fact, "silver", "") for fact in facts],
        )
        rows = []
        for pk in ids:
            for number in range(entries):
                when = newest - timedelta(minutes=chance.randrange(SPAN_DAYS * 1440))
                amount = chance.randrange(1_000, 500_000)
                rows.append((pk, when, when, True, "bench", f"{pk}-{number}", "sale", amount, "EUR", "", 1))
        insert_or_ignore(
            RevenueEntry,
            (
                "partner", "occurred_at", "known_at", "known_asserted", "source", "external_id", "kind",
                "amount_minor", "currency", "country", "lines",
            ),
            rows,
        )  # fmt: skip


def plain_sql() -> float:
    """Seconds of one statement that computes the same aggregates for every partner."""
    from django.db import connection

    from core import clock

    at = clock.end_of_day(DAY)
    back = {days: adapt(at - timedelta(days=days)) for days in (180, 360, 365, 545)}
    end = adapt(at)
    day = (
        "(occurred_at AT TIME ZONE 'UTC')::date" if connection.vendor == "postgresql" else "substr(occurred_at, 1, 10)"
    )
    statement = f"""
        SELECT partner_id,
            SUM(amount_minor) FILTER (WHERE occurred_at >= %s),
            SUM(amount_minor) FILTER (WHERE occurred_at >= %s AND occurred_at < %s),
            SUM(amount_minor) FILTER (WHERE occurred_at >= %s AND occurred_at < %s),
            SUM(amount_minor) FILTER (WHERE occurred_at >= %s),
            COUNT(DISTINCT {day}) FILTER (WHERE kind = 'sale'),
            MIN(occurred_at) FILTER (WHERE kind = 'sale'),
            MAX(occurred_at) FILTER (WHERE kind = 'sale')
        FROM deals_revenueentry
        WHERE occurred_at < %s AND known_at < %s AND (superseded_at IS NULL OR superseded_at >= %s)
        GROUP BY partner_id
    """
    values = [back[180], back[545], back[365], back[360], back[180], back[365], end, end, end]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        started = time.perf_counter()
        cursor.execute(statement, values)
        cursor.fetchall()
        return time.perf_counter() - started


def adapt(moment: datetime) -> object:
    from django.db import connection

    return connection.ops.adapt_datetimefield_value(moment)


def one_run(day: date, *, workers: int) -> dict[str, float]:
    """Seconds from the start of a run to its summary, with this many worker processes that were waiting already."""
    from health.models import HealthRun
    from health.services import start_run

    command = [sys.executable, __file__, "--role", "work"]
    waiting = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    for worker in waiting:
        worker.stdout.readline()
    started = time.perf_counter()
    run = start_run(as_of=day, reason=HealthRun.Reason.DAILY)
    cut = time.perf_counter() - started
    for worker in waiting:
        worker.stdin.write(f"{run.pk}\n")
        worker.stdin.flush()
    peaks = [json.loads(worker.stdout.readline())["peak_mb"] for worker in waiting]
    seconds = time.perf_counter() - started
    for worker in waiting:
        worker.communicate()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.summary["partners"] > 0
    return {"seconds": seconds, "start": cut, "peak_mb": max(peaks)}


def work() -> None:
    """A worker: waits for the id of a run, then takes chunk after chunk until none is free."""
    start_django()
    from health.models import HealthChunk
    from health.services import compute_chunk

    HealthChunk.objects.exists()  # connects
    print("ready", flush=True)
    run_id = int(sys.stdin.readline())
    chunks = HealthChunk.objects.filter(run_id=run_id).order_by("number").values_list("number", flat=True)
    for number in list(chunks):
        compute_chunk(run_id=run_id, number=number)
    say(peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    main()
