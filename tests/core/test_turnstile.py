import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from core.turnstile import CrowdedError, place


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def test_no_more_than_the_places_at_once():
    with ExitStack() as stack:
        stack.enter_context(place("x", places=2))
        stack.enter_context(place("x", places=2))
        with pytest.raises(CrowdedError):
            stack.enter_context(place("x", places=2))
        stack.enter_context(place("y", places=1))


def test_place_is_given_back():
    for _ in range(3):
        with place("x", places=1):
            pass
    with pytest.raises(RuntimeError), place("x", places=1):
        raise RuntimeError
    with place("x", places=1):
        pass


def test_the_line_is_short():
    with place("x", places=1):
        started = time.monotonic()
        with pytest.raises(CrowdedError), place("x", places=1, wait=0.2):
            pass
        assert time.monotonic() - started >= 0.2


def test_places_are_shared_between_processes(tmp_path):
    (tmp_path / "locks").mkdir()
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'a+b'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "locks" / "x-0")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    other.stdout.readline()
    with pytest.raises(CrowdedError), place("x", places=1):
        pass
    other.kill()
    other.wait()

    with place("x", places=1):
        pass
