"""How long it takes to give out and to erase one person among many.

Prints JSON lines. A fresh database each: SQLite always, PostgreSQL when DATABASE_URL_PG names a server on which
databases may be created. BENCH_PARTNERS partners (default 20,000) with five people, ten touches and three mails with a
calendar file each. Aims (reliability P40): export and erasure within 60 s each.

    DATABASE_URL_PG=postgres://… python bench/privacy.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PARTNERS = int(os.environ.get("BENCH_PARTNERS", "20000"))
AIM_SECONDS = 60.0
TEXT = "We spoke about the quarter, the open deals and the training that is planned for the team. " * 3


def fill() -> None:
    from core import clock
    from core.models import Outbox
    from engagement.models import Touchpoint
    from partners.models import Contact, Partner

    now = clock.now()
    partners = Partner.objects.bulk_create(
        (Partner(name=f"Partner {n}", slug=f"p{n}", search_name=f"partner {n}") for n in range(PARTNERS)),
        batch_size=5_000,
    )

    def many(model: Any, rows: Iterator[Any]) -> None:
        model.objects.bulk_create(rows, batch_size=5_000)

    people = (
        Contact(
            partner=one, name=f"Person{k} Family{one.pk}", email=f"p{k}.{one.pk}@x.test", phone=f"+49 30 {one.pk}{k}"
        )
        for one in partners
        for k in range(5)
    )
    many(Contact, people)
    touches = (
        Touchpoint(
            uid=uuid.uuid4(), partner=one, occurred_at=now, known_at=now, text=f"{TEXT} Person{k % 5} Family{one.pk}"
        )
        for one in partners
        for k in range(10)
    )
    many(Touchpoint, touches)
    mails = (
        Outbox(
            key=f"{one.pk}:{k}",
            kind="meeting_invitation",
            to=f"p{k}.{one.pk}@x.test",
            subject="Review",
            body=TEXT,
            partner_uid=one.uid,
            due_at=now,
            status="sent",
            attachments=[{"name": "meeting.ics", "type": "text/calendar", "text": f"mailto:p{k}.{one.pk}@x.test " * 5}],
        )
        for one in partners
        for k in range(3)
    )
    many(Outbox, mails)


def inside() -> None:
    """Runs in a process of its own, on the database that its environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    import time

    import django

    django.setup()
    from partners.models import Contact
    from privacy import services
    from privacy.download import as_json
    from privacy.queries import export, find_person

    fill()
    chosen = Contact.objects.order_by("pk")[PARTNERS]
    began = time.perf_counter()
    size = len(as_json(export(find_person(chosen.email))))
    exported = time.perf_counter() - began
    began = time.perf_counter()
    entry = services.erase(person=find_person(chosen.email), actor=None)
    erased = time.perf_counter() - began
    print(
        json.dumps(
            {
                "bench": "privacy",
                "database": os.environ["BENCH_NAME"],
                "partners": PARTNERS,
                "rows_changed": sum(entry.counts.values()),
                "export_seconds": round(exported, 2),
                "export_bytes": size,
                "erase_seconds": round(erased, 2),
                "ok": max(exported, erased) <= AIM_SECONDS and sum(entry.counts.values()) > 3,
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
