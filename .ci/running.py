#!/usr/bin/env python3
"""Start the product as its users do, look at it from outside, stop it, and fail in words when something is not right.

production  gunicorn, worker and beat against DATABASE_URL and REDIS_URL with production settings
demo        `make demo` in a fresh clone: cold start, warm start, busy port, clean stop
no-skips    a JUnit file in which no test may be skipped
"""

import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
HOST = "prm.example.com"
# The figures are printed; shared machines swing, so these bounds only catch a start that hangs (aims: 180 and 10 s).
COLD_SECONDS = 900
WARM_SECONDS = 120


class CheckError(Exception):
    """What was expected and what was seen."""


def expect(condition: bool, words: str) -> None:
    if not condition:
        raise CheckError(words)
    print(f"ok    {words}", flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
    finally:
        connection.close()


def answers(port: int, path: str, status: int = 200) -> bool:
    try:
        return get(port, path)[0] == status
    except (OSError, http.client.HTTPException):
        return False


def wait_for(
    what: str,
    seconds: float,
    check: Callable[[], bool],
    processes: list[subprocess.Popen[str]],
    *,
    every: float = 0.2,
) -> None:
    """Ask `check` until it holds; CheckError when it does not in time or a process ends before."""
    began = time.monotonic()
    while not check():
        for process in processes:
            if process.poll() is not None:
                raise CheckError(f"{what}: {process.args} ended with {process.returncode}")
        if time.monotonic() - began > seconds:
            raise CheckError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    print(f"ok    {what} after {time.monotonic() - began:.1f} s", flush=True)


def stop(process: subprocess.Popen[str], *, number: int, seconds: float) -> int:
    process.send_signal(number)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise CheckError(f"{process.args} did not stop within {seconds:.0f} s of signal {number}") from None


# --- production ---------------------------------------------------------------------


def production() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        port = free_port()
        env = {
            **os.environ,
            "PRM_PROFILE": "production",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "BASE_URL": f"https://{HOST}",
            "ALLOWED_HOSTS": HOST,
            "VAR_DIR": str(folder / "var"),
            "TMPDIR": scratch,
        }
        (folder / "var").mkdir()
        owner = web_role(env)

        def manage(*arguments: str, **more: str) -> str:
            command = [sys.executable, "manage.py", *arguments]
            done = subprocess.run(command, cwd=ROOT, env={**env, **more}, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CheckError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
            return done.stdout

        manage("check", "--deploy", "--fail-level", "WARNING")
        print("ok    check --deploy --fail-level WARNING", flush=True)
        manage("collectstatic", "--no-input", "--verbosity", "0")

        logs = {name: (folder / f"{name}.log").open("w+") for name in ("web", "worker", "beat")}
        processes: dict[str, subprocess.Popen[str]] = {}

        def start(name: str, *command: str) -> None:
            processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=env,
                stdout=logs[name],
                stderr=subprocess.STDOUT,
                text=True,
            )

        def running() -> list[subprocess.Popen[str]]:
            return list(processes.values())

        try:
            web_options = ("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket")
            start("web", "gunicorn", "prm.wsgi", "--bind", f"127.0.0.1:{port}", *web_options)
            wait_for("/livez answers 200", 60, lambda: answers(port, "/livez"), running())
            expect(get(port, "/readyz")[0] == 503, "/readyz answers 503 while migrations are missing")
            manage("migrate", "--no-input", "--verbosity", "0", **owner)
            manage("createcachetable", **owner)
            manage("check", "--database", "default", "--fail-level", "WARNING")
            print("ok    the role of web, worker and beat owns nothing and bypasses nothing", flush=True)
            wait_for("/readyz answers 200 after migrating", 30, lambda: answers(port, "/readyz"), running())
            look_from_outside(port)
            start("worker", "celery", "-A", "prm", "worker", "--concurrency", "2", "--loglevel", "INFO")
            schedule = str(folder / "celerybeat-schedule")
            start("beat", "celery", "-A", "prm", "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile=")
            count = "from core.models import Heartbeat; print('beats', Heartbeat.objects.count())"
            wait_for(
                "a task of beat's schedule went through Redis and the worker",
                120,
                lambda: re.search(r"beats [1-9]", manage("shell", "-c", count)) is not None,
                running(),
                every=5,
            )
            alive = folder / "prm-worker-alive"
            expect(alive.exists() and time.time() - alive.stat().st_mtime < 60, "the worker shows its sign of life")
            for name in ("beat", "worker", "web"):
                code = stop(processes[name], number=signal.SIGTERM, seconds=40)
                expect(code == 0, f"{name} stops on SIGTERM with exit code 0 (it was {code})")
        except CheckError:
            for name, log in logs.items():
                log.seek(0)
                print(f"--- {name}\n" + "".join(log.readlines()[-25:]), file=sys.stderr)
            raise
        finally:
            for process in running():
                if process.poll() is None:
                    process.kill()
                    process.wait()
            for log in logs.values():
                log.close()
            drop_role(owner)


def web_role(env: dict[str, str]) -> dict[str, str]:
    """Let everything log in as a role of its own, as docker-compose.yml does; returns what `migrate` gets instead."""
    owner = env["DATABASE_URL"]
    name, password = f"prm_web_{os.getpid()}", secrets.token_hex(24)
    address = urlsplit(owner)
    host = address.netloc.rpartition("@")[2]
    env["DATABASE_URL"] = urlunsplit(address._replace(netloc=f"{name}:{password}@{host}"))
    return {"DATABASE_URL": owner, "DATABASE_WEB_ROLE": name, "DATABASE_WEB_PASSWORD": password}


def drop_role(owner: dict[str, str]) -> None:
    connection = psycopg2.connect(owner["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {owner['DATABASE_WEB_ROLE']}")
    connection.close()


def look_from_outside(port: int) -> None:
    """The log-in page through a proxy with TLS, plain HTTP, a foreign host name."""
    status, headers, _ = get(
        port, "/accounts/login/", Host=HOST, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.7"
    )
    expect(status == 200, f"the log-in page answers 200 behind a proxy (it was {status})")
    policy = headers.get("content-security-policy", "")
    expect("default-src 'none'" in policy and "unsafe" not in policy, "its content security policy is strict")
    expect("max-age=31536000" in headers.get("strict-transport-security", ""), "it asks for HTTPS for a year")
    expect(headers.get("x-content-type-options") == "nosniff", "it forbids sniffing")
    status, headers, _ = get(port, "/accounts/login/", Host=HOST)
    expect(status == 301 and headers["location"].startswith("https://"), "plain HTTP is sent to HTTPS")
    expect(
        get(port, "/accounts/login/", Host="evil.example", X_Forwarded_Proto="https")[0] == 400, "a foreign host is 400"
    )


# --- demo -------------------------------------------------------------------------------


def demo() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "VAR_"))
        }
        port = free_port()
        command = ["make", "--no-print-directory", "demo", f"PORT={port}"]
        for start, limit in (("cold", COLD_SECONDS), ("warm", WARM_SECONDS)):
            with (Path(scratch) / f"{start}.log").open("w+") as log:
                process = subprocess.Popen(
                    command,
                    cwd=clone,
                    env=clean,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    text=True,
                    start_new_session=True,
                )
                try:
                    wait_for(f"{start} start: /readyz answers", 600, lambda: answers(port, "/readyz"), [process])
                    time.sleep(1)
                    words = read(log)
                    took = re.search(r"Ready after ([\d.]+) s", words)
                    expect(took is not None, f"{start} start says that it is ready")
                    assert took is not None
                    expect(float(took[1]) <= limit, f"{start} start took {took[1]} s (limit {limit} s)")
                    expect("@" in words, "log-ins are printed")
                    expect(get(port, "/accounts/login/")[0] == 200, "the log-in page answers")
                    if start == "warm":
                        busy = subprocess.run(
                            command, cwd=clone, env=clean, capture_output=True, text=True, check=False
                        )
                        told = f"make demo PORT={port + 1}" in busy.stderr
                        expect(busy.returncode != 0 and told, "a busy port is refused in words")
                    os.killpg(process.pid, signal.SIGINT)
                    process.wait(timeout=30)
                    expect("Stopping." in read(log), "Ctrl-C stops it")
                    expect(not left_over(clone), "no process is left")
                except (CheckError, subprocess.TimeoutExpired):
                    print(read(log)[-6000:], file=sys.stderr)
                    raise
                finally:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGTERM)
                        process.wait(timeout=30)


def read(log: TextIO) -> str:
    log.seek(0)
    return log.read()


def left_over(clone: Path) -> list[str]:
    """Command lines of processes that still run from the clone."""
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if str(clone) in line]


# --- reports -------------------------------------------------------------------------------


def no_skips(file: str) -> None:
    """The file was just written by our own pytest."""
    cases = list(ET.parse(file).iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    for case in skipped:
        reason = case.find("skipped")
        print(f"{case.get('classname')}::{case.get('name')}: {reason.get('message') if reason is not None else ''}")
    expect(len(cases) > 0 and not skipped, f"{len(cases)} tests ran and {len(skipped)} were skipped")


def main() -> int:
    match sys.argv[1:]:
        case ["production"]:
            step, arguments = production, ()
        case ["demo"]:
            step, arguments = demo, ()
        case ["no-skips", file]:
            step, arguments = no_skips, (file,)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    try:
        step(*arguments)
    except CheckError as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
