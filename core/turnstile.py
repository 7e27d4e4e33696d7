"""At most so many at once, over all web processes of this machine: file locks that die with their holder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom

from django.conf import settings

PAUSE = 0.02


class CrowdedError(Exception):
    """Every place is taken."""


@contextmanager
def place(name: str, *, places: int, wait: float = 0.0, waiting: int = 1, line: str = "line") -> Iterator[None]:
    """Hold one of `places`. At most `waiting` others wait for it, up to `wait` seconds; the rest are sent away at once.

    A crowd must not fill the web's threads with people who stand in line. Who is to be let in before others may have a
    `line` of their own.
    """
    held = _take(name, places) or _wait_for(name, places, wait, f"{name}-{line}", waiting)
    try:
        yield
    finally:
        held.close()


def _wait_for(name: str, places: int, wait: float, line: str, waiting: int) -> BufferedRandom:
    bench = _take(line, waiting) if wait else None
    if bench is None:
        raise CrowdedError
    deadline = time.monotonic() + wait
    try:
        while time.monotonic() < deadline:
            time.sleep(PAUSE)
            if held := _take(name, places):
                return held
    finally:
        bench.close()
    raise CrowdedError


def _take(name: str, places: int) -> BufferedRandom | None:
    folder = settings.VAR_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(places):
        file = (folder / f"{name}-{number}").open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        return file
    return None
