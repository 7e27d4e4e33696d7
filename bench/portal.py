#!/usr/bin/env python3
"""What the portal's pages cost, and what the database's wall between partners adds to them.

    python bench/portal.py [--partners 10000]

Prints JSON lines. The same pages of the same database are served twice, with the wall (transaction, role, row-level
security) and without; requests take turns, the figure is the best of five rounds. CPU: web process and all PostgreSQL
processes, from /proc. Wall time: median of the requests of a round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.web import cpu_ms, fetch, filled, fresh_postgres, logged_in, say, serve

ROUNDS, REQUESTS = 5, 40
AIM_MS = 15
PAGES = {
    "home": "/portal/",
    "health": "/portal/health/",
    "sales": "/portal/sales/",
    "rest of home": "/portal/rest/",
    "meetings": "/portal/meetings/",
    "files": "/portal/files/",
    "news": "/portal/news/",
    "team": "/portal/team/",
    "inbox": "/portal/inbox/",
    "log": "/portal/log/",
    "settings": "/portal/settings/",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partners", type=int, default=10_000)
    partners = parser.parse_args().partners
    with tempfile.TemporaryDirectory() as folder:
        env, _token = filled(fresh_postgres("prm_bench_portal"), Path(folder), partners)
        walled, open_ = serve(env, "prm.settings"), serve(env, "bench._unwalled_settings")
        try:
            people = [(one, logged_in(one.url, "partner@bench.example")) for one in (walled, open_)]
            for page, path in PAGES.items():
                cpu: list[list[float]] = [[], []]
                wall: list[list[float]] = [[], []]
                for _ in range(ROUNDS):
                    for number, (process, person) in enumerate(people):
                        cpu[number].append(cpu_ms("postgresql", process, person, process.url + path))
                        wall[number].append(median_ms(person, process.url + path))
                with_wall, without = min(cpu[0]), min(cpu[1])
                slow, fast = min(wall[0]), min(wall[1])
                say(
                    page=page, partners=partners, cpu_ms=round(with_wall, 2), aim_ms=AIM_MS, met=with_wall <= AIM_MS,
                    cpu_without_wall_ms=round(without, 2), wall_time_ms=round(slow, 2),
                    wall_costs_ms=round(slow - fast, 2), wall_costs_percent=round((slow / fast - 1) * 100, 1),
                )  # fmt: skip
        finally:
            for process in (walled, open_):
                process.terminate()
                process.wait(timeout=20)


def median_ms(person: object, url: str) -> float:
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        fetch(person, url)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
