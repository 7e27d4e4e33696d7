"""How long the chain over the audit trail takes: to write entries, to seal them, to walk along them.

Prints JSON lines. A fresh database each: SQLite always, PostgreSQL when DATABASE_URL_PG names a server on which
databases may be created. Aim: 100,000 entries verified within 10 s of the processor.

    DATABASE_URL_PG=postgres://… python bench/audit.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
AIM_SECONDS = 10.0


def inside() -> None:
    """Runs in a process of its own, on the database that its environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    import time
    import uuid

    import django

    django.setup()
    from accounts import seals
    from accounts.models import AuditEntry
    from core import clock

    now, partner = clock.now(), uuid.uuid4()
    for start in range(0, ROWS, 5_000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=now,
                action="partners.updated",
                object_type="partners.Partner",
                object_uid=str(partner),
                partner_uid=partner,
                data={"fields": ["name", "country"], "number": number},
                request_id=str(uuid.uuid4()),
            )
            for number in range(start, start + 5_000)
        )
    began = time.perf_counter()
    sealed = 0
    while fresh := seals.seal_new():
        sealed += fresh
    seal_seconds = time.perf_counter() - began
    cpu = time.process_time()
    found = seals.check()
    cpu = time.process_time() - cpu
    seconds = found.milliseconds / 1000
    print(
        json.dumps(
            {
                "bench": "audit",
                "database": os.environ["BENCH_NAME"],
                "rows": found.rows,
                "seal_seconds": round(seal_seconds, 2),
                "verify_seconds": round(seconds, 2),
                "verify_cpu_seconds": round(cpu, 2),
                "rows_verified_per_second": round(found.rows / seconds),
                "ok": sealed == found.rows == ROWS and not found.fault and cpu <= AIM_SECONDS * ROWS / 100_000,
            }
        ),
        flush=True,
    )


def main() -> None:
    from bench.import_revenue import databases

    with tempfile.TemporaryDirectory(prefix="prm-bench-") as name, databases(Path(name)) as found:
        for database, url in found:
            kept = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
            env = {**kept, "DATABASE_URL": url, "VAR_DIR": name, "BENCH_NAME": database, "LOG_LEVEL": "ERROR"}
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
            subprocess.run([sys.executable, str(Path(__file__)), "inside"], cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    inside() if sys.argv[1:] == ["inside"] else main()
