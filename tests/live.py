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


def start(folder: Path, *, name: str) -> LiveProduct:
    """Start a product whose data lives in `folder` (SQLite) or in a fresh database beside the tests' PostgreSQL one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {
        **{key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "REDIS_URL", "TMPDIR"}},
        "VAR_DIR": str(folder),
        "BASE_URL": url,
        "DATABASE_URL": _database(name) or f"sqlite:///{folder / 'live.sqlite3'}",
        "LOG_LEVEL": "WARNING",
        "CONN_MAX_AGE": "0",
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
            "4",
            "--workers",
            "1",
        ],
        cwd=ROOT,
        env=env,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
    )
    product = LiveProduct(url=url, env=env, process=process, log=log)
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


def _database(name: str) -> str:
    """Create an empty PostgreSQL database `prm_live_<name>`; empty text when the tests run on SQLite."""
    given = settings.DATABASES["default"]
    if given["ENGINE"] != "django.db.backends.postgresql":
        return ""
    login = {"host": given["HOST"], "port": given["PORT"] or 5432, "user": given["USER"], "password": given["PASSWORD"]}
    connection = psycopg2.connect(dbname="postgres", **login)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "prm_live_{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "prm_live_{name}"')
    connection.close()
    secret = f":{login['password']}" if login["password"] else ""
    return f"postgres://{login['user']}{secret}@{login['host']}:{login['port']}/prm_live_{name}"
