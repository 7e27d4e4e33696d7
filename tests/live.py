"""The product as a user runs it, with a database of its own and gunicorn on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import psycopg2
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


@dataclass
class LiveProduct:
    """A running product: `url`, the environment to run further commands in, and where its log is."""

    url: str
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path
    database: str = ""  # its own on the tests' PostgreSQL, removed by stop()

    def manage(self, *arguments: str) -> str:
        """Run a management command against the product's database and return what it printed."""
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        if self.database:
            _administer(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')


def start(folder: Path, *, name: str, **more: str) -> LiveProduct:
    """Start a product whose data lives in `folder` (SQLite) or in a fresh database beside the tests' PostgreSQL one.

    `more` is laid over its environment.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    database = _new_database(name)
    env = {
        **{
            key: value
            for key, value in os.environ.items()
            if key in {"PATH", "HOME", "LANG", "REDIS_URL", "TMPDIR", "PROXY_COUNT"}
        },
        "VAR_DIR": str(folder),
        "BASE_URL": url,
        "DATABASE_URL": _database_url(database) if database else f"sqlite:///{folder / 'live.sqlite3'}",
        "LOG_LEVEL": "WARNING",
        "CONN_MAX_AGE": "0",
        **more,
    }
    log = folder / "web.log"
    for arguments in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True, capture_output=True)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "prm.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
            "--threads",
            "8",
            "--workers",
            "1",
        ],
        cwd=ROOT,
        env=env,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
    )
    product = LiveProduct(url=url, env=env, process=process, log=log, database=database)
    _wait(product)
    return product


def _wait(product: LiveProduct) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(product.url + "/readyz", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    product.stop()
    raise AssertionError("The product did not start:\n" + product.log.read_text())


def _new_database(name: str) -> str:
    """Create an empty PostgreSQL database of this process; empty text when the tests run on SQLite."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        return ""
    database = f"prm_live_{name}_{os.getpid()}"
    _administer(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', f'CREATE DATABASE "{database}"')
    return database


def _database_url(database: str) -> str:
    given = settings.DATABASES["default"]
    secret = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{secret}@{given['HOST']}:{given['PORT'] or 5432}/{database}"


def _administer(*statements: str) -> None:
    """Run statements that no transaction may hold on the server of the tests."""
    given = settings.DATABASES["default"]
    connection = psycopg2.connect(
        dbname="postgres",
        host=given["HOST"],
        port=given["PORT"] or 5432,
        user=given["USER"],
        password=given["PASSWORD"],
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()
