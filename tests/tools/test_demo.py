"""The launcher: refuses a busy port in words, stops everything when one child is gone, does nothing twice."""

import contextlib
import signal
import socket
import sqlite3
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SLEEP = ["timeit", "-n1", "-r1", "import time; time.sleep(60)"]
FAIL = ["timeit", "-n1", "-r1", "1/0"]


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher as a module; its children run with the Python of the tests."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import demo

    monkeypatch.setattr(demo.environment, "venv_python", lambda: Path(sys.executable))
    return demo


def children(demo: ModuleType, *commands: list[str]) -> list:
    return [demo.start(name, command, {}) for name, command in zip(("web", "worker"), commands, strict=True)]


def test_busy_port_is_refused_with_the_next_one(demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(demo.environment.SetupError) as refusal:
            demo.require_free_port("127.0.0.1", port)
    assert f"make demo PORT={port + 1}" in str(refusal.value)


def test_death_of_one_child_stops_the_other(demo, capsys) -> None:
    both = children(demo, SLEEP, FAIL)
    try:
        code = demo.supervise(
            both, url="http://127.0.0.1:9", logins=[], stopping=threading.Event(), started=time.monotonic()
        )
    finally:
        demo.stop(both)
    assert code == 1
    told = capsys.readouterr().out
    assert told.count("The worker stopped by itself (exit code 1) and is started again.") == demo.WORKER_STARTS - 1
    assert "The worker stopped by itself (exit code 1); stopping everything." in told
    assert both[0].process.returncode == -signal.SIGTERM


def test_request_to_stop_ends_all_children(demo) -> None:
    both = children(demo, SLEEP, SLEEP)
    stopping = threading.Event()
    stopping.set()
    try:
        code = demo.supervise(both, url="http://127.0.0.1:9", logins=[], stopping=stopping, started=time.monotonic())
    finally:
        demo.stop(both)
    assert code == 0
    assert [child.process.returncode for child in both] == [-signal.SIGTERM, -signal.SIGTERM]


def test_output_of_a_child_carries_its_name(demo, capsys) -> None:
    child = demo.start("web", ["timeit", "-n1", "-r1", "print('hello')"], {})
    child.process.wait()
    child.pump.join()
    assert "web    | hello\n" in capsys.readouterr().out


def test_stamp_is_fresh_only_for_the_same_inputs(demo, tmp_path: Path) -> None:
    stamps = demo.Stamps(tmp_path / "var" / "stamps.json")
    assert stamps.fresh("migrate", "a") is False
    stamps.set("migrate", "a")
    again = demo.Stamps(tmp_path / "var" / "stamps.json")
    assert again.fresh("migrate", "a") is True
    assert again.fresh("migrate", "b") is False


def test_variable_counts_as_configured_from_environment_or_file(demo, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.delenv("BASE_URL", raising=False)
    (tmp_path / ".env").write_text("# BASE_URL=https://commented.example\nLOG_LEVEL=INFO\n")
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    assert demo.configured("BASE_URL") is False
    assert demo.configured("LOG_LEVEL") is True
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9000")
    assert demo.configured("BASE_URL") is True


def test_demo_data_is_looked_for_in_the_database_itself(demo, tmp_path: Path) -> None:
    file = tmp_path / "prm.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE partners_partner (is_demo bool)")
        connection.execute("INSERT INTO partners_partner VALUES (0)")
        connection.commit()
        assert demo.has_demo_data(file) is False
        connection.execute("INSERT INTO partners_partner VALUES (1)")
        connection.commit()
    assert demo.has_demo_data(file) is True
