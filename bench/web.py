#!/usr/bin/env python3
"""CPU per request (web + database) at 100,000 partners, beside a bare Django view in the same run.

    python bench/web.py [--partners 100000] [--only sqlite|postgresql]

Prints JSON lines. CPU is read from /proc: the web process and, on PostgreSQL, all server processes. Requests to the
product and to the bare view take turns; the figure is the best of three rounds. PostgreSQL: BENCH_POSTGRES, default
postgres://postgres@127.0.0.1:5432/postgres. The databases are made for the bench and removed after it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
TICK = os.sysconf("SC_CLK_TCK")
ROUNDS, REQUESTS = 3, 20
PASSWORD = "bench password 2026"
AIMS = {
    "today": ("/app/", 25),
    "partners list": ("/app/partners/", 15),
    "partners list, filtered and sorted": ("/app/partners/?band=D&sort=-score", 18),
    "partner 360": ("/app/partners/bench-777/", 15),
    "palette": ("/app/search/?q=Part", 15),
    "API list of 50": ("/api/v1/partners/", 5),
}


def say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partners", type=int, default=100_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill(options.partners)
        return
    for name in ("postgresql", "sqlite"):
        if options.only in {None, name}:
            with tempfile.TemporaryDirectory() as folder:
                on_database(name, Path(folder), options.partners)


def on_database(name: str, folder: Path, partners: int) -> None:
    url = f"sqlite:///{folder / 'bench.sqlite3'}"
    if name == "postgresql":
        try:
            url = fresh_postgres("prm_bench_web")
        except OSError as problem:
            say(database=name, not_run=str(problem))
            return
    env, token = filled(url, folder, partners)
    product, bare = serve(env, "prm.settings"), serve(env, "bench._bare_settings")
    try:
        measure(name, partners, token, product, bare)
    finally:
        for process in (product, bare):
            process.terminate()
            process.wait(timeout=20)


def filled(url: str, folder: Path, partners: int) -> tuple[dict[str, str], str]:
    """A migrated database with `partners` partners: the environment to serve it in, and an API token."""
    env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder), "LOG_LEVEL": "ERROR", "REDIS_URL": ""}
    run = [sys.executable, "manage.py"]
    for arguments in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([*run, *arguments], cwd=ROOT, env=env, check=True)
    token = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "web.py"), "--fill", "--partners", str(partners)],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    return env, token


def measure(name: str, partners: int, token: str, product: Served, bare: Served) -> None:
    person = logged_in(product.url)
    program = build_opener()
    program.addheaders = [("Authorization", f"Bearer {token}")]
    floor = {path: cpu_ms(name, bare, build_opener(), f"{bare.url}/{path}") for path in ("list", "json")}
    for page, (path, aim) in AIMS.items():
        opener = program if path.startswith("/api/") else person
        kind = "json" if path.startswith("/api/") else "list"
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(cpu_ms(name, product, opener, f"{product.url}{path}"))
            theirs.append(cpu_ms(name, bare, build_opener(), f"{bare.url}/{kind}"))
        best, bare_best = min(ours), min(theirs)
        say(
            database=name, partners=partners, page=page, cpu_ms=round(best, 2), aim_ms=aim, met=best <= aim,
            bare_ms=round(bare_best, 2), ratio_to_bare=round(best / bare_best, 1),
        )  # fmt: skip
    say(
        database=name,
        bare_list_ms=round(floor["list"], 2),
        bare_json_ms=round(floor["json"], 2),
        web_rss_mb=rss_mb(product),
    )


def cpu_ms(name: str, process: Served, opener: OpenerDirector, url: str) -> float:
    """CPU milliseconds per request over `REQUESTS` requests, after one warm-up."""
    fetch(opener, url)
    before = spent(name, process)
    for _ in range(REQUESTS):
        fetch(opener, url)
    return (spent(name, process) - before) * 1000 / REQUESTS


def fetch(opener: OpenerDirector, url: str) -> bytes:
    with opener.open(url, timeout=60) as answer:
        assert answer.status == 200, url
        return answer.read()


def spent(name: str, process: Served) -> float:
    """CPU seconds of the web process with its children and, on PostgreSQL, of every server process."""
    pids = family(process.pid)
    if name == "postgresql":
        pids += [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and command(entry) == "postgres"
        ]
    return sum(cpu_of(pid) for pid in set(pids))


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def command(entry: Path) -> str:
    try:
        return (entry / "comm").read_text().strip()
    except OSError:
        return ""


def cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICK


def rss_mb(process: Served) -> int:
    """Resident memory of the largest process of the web server, MB."""
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in family(process.pid)]
    return max(int(found[1]) for text in texts if (found := re.search(r"VmRSS:\s+(\d+)", text))) // 1024


class Served(subprocess.Popen[bytes]):
    """A web process and its address."""

    url: str


def serve(env: dict[str, str], settings: str) -> Served:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = Served(
        [sys.executable, "-m", "gunicorn", "prm.wsgi", "--bind", address, "--threads", "2"],
        cwd=ROOT, env={**env, "DJANGO_SETTINGS_MODULE": settings, "BASE_URL": f"http://{address}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process.url = f"http://{address}"
    probe = f"{process.url}/{'json' if settings == 'bench._bare_settings' else 'livez'}"
    while process.poll() is None:
        try:
            build_opener().open(probe, timeout=5).close()
            return process
        except (URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the web process for {settings} did not start")


def logged_in(base: str, email: str = "bench@bench.example") -> OpenerDirector:
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    page = fetch(opener, f"{base}/accounts/login/").decode()
    form = {
        "csrfmiddlewaretoken": re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)[1],
        "login": email,
        "password": PASSWORD,
    }
    opener.open(Request(f"{base}/accounts/login/", urlencode(form).encode(), {"Referer": f"{base}/"})).close()
    return opener


def fresh_postgres(name: str) -> str:
    import psycopg2

    parts = urlsplit(POSTGRES)
    try:
        connection = psycopg2.connect(POSTGRES)
    except psycopg2.OperationalError as problem:
        raise OSError(str(problem).splitlines()[0]) from problem
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return parts._replace(path=f"/{name}").geturl()


def fill(number: int) -> None:
    """Partners with stage, health, people, touches, meetings and sales; prints an API token."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from bench._fill import fill_web

    print(fill_web(number, PASSWORD))


if __name__ == "__main__":
    main()
