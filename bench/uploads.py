#!/usr/bin/env python3
"""Hostile and honest files sent to the product: what gets through, what it costs in memory and time.

    python bench/uploads.py

Prints JSON lines. A process of its own sends every specimen of tests/enablement/specimens.py to the portal and lets
the worker's check run; then files of the largest size and a stream far beyond it. RSS is the process's own peak as the
kernel counts it, so each step runs in a fresh child. Nothing is faked but the socket: the body is produced while it is
read.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

URL = "/portal/files/new/"
MB = 1024 * 1024
SIZE = 25 * MB - 4096
STREAM = 2_000 * MB
BOUNDARY = b"specimen"


def say(**figures: object) -> None:
    print(json.dumps({"bench": "uploads", **figures}), flush=True)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Body(io.RawIOBase):
    """A form with one file, produced while it is read; counts what was asked for."""

    def __init__(self, name: str, start: bytes, size: int, end: bytes = b"") -> None:
        head = b'--%b\r\nContent-Disposition: form-data; name="%b"'
        form = head % (BOUNDARY, b"purpose") + b"\r\n\r\nother\r\n"
        form += head % (BOUNDARY, b"file") + b'; filename="%b"\r\n\r\n' % name.encode()
        tail = end + b"\r\n--%b--\r\n" % BOUNDARY
        self.length = len(form) + size + len(tail) - len(end)
        self.parts = self._parts(form, start, size - len(start) - len(end), tail)
        self.rest, self.read_bytes = b"", 0

    def _parts(self, form: bytes, start: bytes, filling: int, tail: bytes) -> Iterator[bytes]:
        yield form + start
        block = os.urandom(MB)
        while filling > 0:
            yield block[: min(filling, MB)]
            filling -= MB
        yield tail

    def read(self, size: int = -1) -> bytes:
        while len(self.rest) < size or size < 0:
            piece = next(self.parts, b"")
            if not piece:
                break
            self.rest += piece
        found, self.rest = (self.rest, b"") if size < 0 else (self.rest[:size], self.rest[size:])
        self.read_bytes += len(found)
        return found


def post(client: Any, body: Body) -> Any:
    environ = {
        "wsgi.input": body,
        "CONTENT_LENGTH": str(body.length),
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY.decode()}",
    }
    return client.generic("POST", URL, **environ)


def specimens(client: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from enablement.models import SharedFile
    from enablement.services import sweep_files
    from tests.enablement import specimens as files

    hostile = [(name, data) for group in files.WORD_LIST.values() for name, data in group]
    before, started = peak(), time.perf_counter()
    for name, data in hostile:
        client.post(URL, {"purpose": "other", "file": SimpleUploadedFile(name, data)})
    sweep_files()
    wrong = list(SharedFile.objects.filter(status="ready").values_list("name", flat=True))
    say(
        step="hostile files", tried=len(hostile), accepted_wrongly=wrong,
        refused_by_web=len(hostile) - SharedFile.objects.count(),
        refused_by_worker=SharedFile.objects.filter(status="refused").count(),
        seconds=round(time.perf_counter() - started, 2), peak_over_start_mb=round(peak() - before, 1),
    )  # fmt: skip
    for name, data in files.HONEST:
        client.post(URL, {"purpose": "other", "file": SimpleUploadedFile(name, data)})
    sweep_files()
    ready = SharedFile.objects.filter(status="ready").count()
    say(step="honest files", tried=len(files.HONEST), ready=ready, same_picture_twice=len(files.HONEST) - ready)


def largest(client: Any) -> None:
    """In the web process alone: the worker's share is the next step."""
    from enablement.models import SharedFile

    client.get(URL)
    before, started = peak(), time.perf_counter()
    response = post(client, Body("large.pdf", b"%PDF-1.7\n", SIZE, b"\n%%EOF\n"))
    say(
        step="25 MB, web", status=response.status_code, stored=SharedFile.objects.filter(status="pending").count(),
        seconds=round(time.perf_counter() - started, 2), peak_over_start_mb=round(peak() - before, 1),
    )  # fmt: skip


def endless(client: Any) -> None:
    from django.conf import settings

    client.get(URL)
    before, started = peak(), time.perf_counter()
    body = Body("endless.pdf", b"%PDF-1.7\n", STREAM)
    body.length = settings.FILE_MAX_BYTES + 1000  # it says it is small enough
    response = post(client, body)
    say(
        step="stream that lies about its length", status=response.status_code, read_mb=round(body.read_bytes / MB, 2),
        seconds=round(time.perf_counter() - started, 2), peak_over_start_mb=round(peak() - before, 1),
    )  # fmt: skip
    body = Body("endless.pdf", b"%PDF-1.7\n", STREAM)
    response = post(client, body)
    left = [path for path in (settings.VAR_DIR / "files" / "incoming").rglob("*") if path.is_file()]
    say(
        step="stream of 2 GB that says so", status=response.status_code, read_mb=round(body.read_bytes / MB, 2),
        files_left=len(left),
    )  # fmt: skip


def worker_bomb(_client: Any) -> None:
    """The largest office file that the bars let through to the worker: 200 MB unpacked."""
    from enablement.rules import contents
    from enablement.rules.kinds import KINDS
    from enablement.rules.refusal import RefusedError

    folder = Path(tempfile.mkdtemp())
    path = folder / "large.xlsx"
    child(lambda _nobody: _fill_workbook(path))
    before, started = peak(), time.perf_counter()
    with path.open("rb") as file:
        try:
            contents.inspect(file, KINDS["xlsx"])
            found = "taken"
        except RefusedError as refused:
            found = refused.code
    say(
        step="xlsx of 190 MB unpacked, worker", packed_mb=round(path.stat().st_size / MB, 1), found=found,
        seconds=round(time.perf_counter() - started, 2), peak_over_start_mb=round(peak() - before, 1),
    )  # fmt: skip


def _fill_workbook(path: Path) -> None:
    from tests.enablement.specimens import office

    block = b"".join(b'<c r="A%d"><v>%d</v></c>' % (n, n * 7919) for n in range(40_000))
    sheet = (block * (19 * MB // len(block) + 1))[: 19 * MB]
    path.write_bytes(office("xlsx", {f"xl/worksheets/sheet{n}.xml": sheet for n in range(10)}))


def worker_picture(_client: Any) -> None:
    from enablement.rules import images

    folder = Path(tempfile.mkdtemp())
    path = folder / "photo.jpg"
    child(lambda _nobody: _draw(path))
    before, started = peak(), time.perf_counter()
    with path.open("rb") as source, (folder / "new.jpg").open("w+b") as target:
        images.rewrite(source, target, "jpg")
    say(
        step="photo of 24 megapixels on its side, worker", seconds=round(time.perf_counter() - started, 2),
        peak_over_start_mb=round(peak() - before, 1),
    )  # fmt: skip


def _draw(path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((5_700, 4_300), 60).convert("RGB").save(path, quality=80, exif=exif)


def child(step: Callable[[Any], None], client: Any = None) -> None:
    """Run one step in a process of its own, so that its peak is its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            step(client)
            code = 0
        except Exception:  # noqa: BLE001  the child says what it was and the parent stops
            traceback.print_exc()
        finally:
            os._exit(code)
    _pid, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"{getattr(step, '__name__', 'step')} failed")


def main() -> None:
    folder = tempfile.mkdtemp(prefix="prm-uploads-")
    os.environ.update(VAR_DIR=folder, DATABASE_URL=f"sqlite:///{folder}/uploads.sqlite3", DEBUG="1", REDIS_URL="")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    settings.DEBUG = False  # it was on for plain names of static files only
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    try:
        for step in (specimens, largest, endless, worker_bomb, worker_picture):
            connections.close_all()
            child(lambda _client, step=step: step(_client_of_a_partner(step.__name__)))
    finally:
        shutil.rmtree(folder)


def _client_of_a_partner(name: str) -> Any:
    import logging

    from django.conf import settings
    from django.test import Client

    from tests.factories import make_member, make_partner

    logging.disable(logging.CRITICAL)
    user = make_member(partner=make_partner(slug=name), email=f"{name}@bench.example")
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


if __name__ == "__main__":
    main()
