"""A million guesses at the secrets that let their bearer in: links in mails, tokens, calendars, cookies.

    python bench/guesses.py --guesses 1000000 --live 1000

Prints a JSON line per kind: how many live secrets there were, guesses, hits, bits by construction, and what is stored.
Half of the guesses are random, half are true secrets with a character changed, the end cut off, the case changed, or
only the first half right. Each goes to the look-up that the page or the API uses, on a fresh SQLite database. No hit is
allowed, and at least 128 bits are (reliability P10). Exit status 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LEAST_BITS = 128


def inside(number: int, live: int) -> int:
    """Runs in a process of its own, on the database that its environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    import django

    django.setup()
    from bench._secrets import guesses, issue

    kinds = issue(live)
    total, passed = 0, True
    for kind in kinds:
        opened = sum(kind.opens(secret) for secret in kind.live)
        began, hits, tried = time.perf_counter(), 0, number // len(kinds)
        for guess in guesses(kind, tried, Random(kind.name)):
            hits += kind.opens(guess)
        seconds = time.perf_counter() - began
        ok = hits == 0 and opened == len(kind.live) and kind.bits >= LEAST_BITS
        total, passed = total + tried, passed and ok
        print(
            json.dumps(
                {
                    "bench": "guesses",
                    "kind": kind.name,
                    "live": len(kind.live),
                    "live_that_open": opened,
                    "guesses": tried,
                    "hits": hits,
                    "bits": kind.bits,
                    "stored": kind.stored,
                    "guesses_per_second": round(tried / seconds),
                    "ok": ok,
                }
            ),
            flush=True,
        )
    print(json.dumps({"bench": "guesses", "kind": "all", "guesses": total, "ok": passed}))
    return 0 if passed else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guesses", type=int, default=1_000_000, help="in total, spread over the kinds")
    parser.add_argument("--live", type=int, default=1_000, help="secrets of each kind")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options.guesses, options.live)
    with tempfile.TemporaryDirectory(prefix="prm-bench-") as name:
        kept = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
        url = f"sqlite:///{Path(name) / 'bench.sqlite3'}"
        env = {**kept, "DATABASE_URL": url, "VAR_DIR": name, "LOG_LEVEL": "ERROR"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        again = [sys.executable, __file__, "--inside", f"--guesses={options.guesses}", f"--live={options.live}"]
        return subprocess.run(again, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
