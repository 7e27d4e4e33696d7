#!/usr/bin/env python3
"""Start the product on this machine: set up what is missing, then run web and worker as children of one process.

`make demo` calls it. From a clean clone it makes the environment, fetches the front-end files, migrates, loads the demo
data and starts gunicorn and one Celery worker with beat inside. What is already done is not done again. Ctrl-C or
SIGTERM stops both children; if one of them dies the other is stopped too, and the exit code says so.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import environment

ROOT = environment.ROOT
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
STAMPS = VAR / "demo-stamps.json"
STOP_SECONDS = 15
READY_SECONDS = 60
# Who tries it as root, as in a container, does so on loopback; the warning would stand right under the log-ins.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
COLOURS = {"web": "\033[36m", "worker": "\033[35m"}


def configured(name: str) -> bool:
    """Whether the environment or the file `.env` sets this variable."""
    if os.environ.get(name):
        return True
    dotenv = ROOT / ".env"
    return dotenv.exists() and any(line.startswith(f"{name}=") for line in dotenv.read_text().splitlines())


def require_free_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise environment.SetupError(
                f"Port {port} on {host} cannot be used: {error.strerror}.\n"
                f"Is the product running already? Another port: make demo PORT={port + 1}"
            ) from error


# --- set-up -------------------------------------------------------------------


def digest(paths: Iterable[Path]) -> str:
    """Fingerprint of names, sizes and change times; equal means: nothing to do again."""
    sha = hashlib.sha256()
    for path in sorted(paths):
        stat = path.stat()
        sha.update(f"{path.relative_to(ROOT)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return sha.hexdigest()


class Stamps:
    """Which steps were done for which inputs, kept beside the data they speak of."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.done: dict[str, str] = json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            self.done = {}

    def fresh(self, step: str, inputs: str) -> bool:
        return self.done.get(step) == inputs

    def set(self, step: str, inputs: str) -> None:
        self.done[step] = inputs
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.done, indent=1))


def manage(*arguments: str, env: dict[str, str]) -> None:
    subprocess.run([environment.venv_python(), "manage.py", *arguments], check=True, cwd=ROOT, env=env)


def load_demo_data(env: dict[str, str]) -> list[str]:
    """Run `demo ensure`, show its progress, and return what it says after the first empty line: the log-ins."""
    command = [environment.venv_python(), "manage.py", "demo", "ensure"]
    logins: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if logins or not line.strip():
                logins.append(line.rstrip())
            else:
                environment.say(line.rstrip())
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return logins[1:]


def has_demo_data(database: Path) -> bool:
    """Whether the SQLite file holds demo partners: `manage.py demo clear` may have removed them."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT 1 FROM partners_partner WHERE is_demo LIMIT 1").fetchone() is not None


def prepare(*, env: dict[str, str], demo_data: bool) -> list[str]:
    """Everything between a clean clone and a start; what was done for the same inputs is left out. Returns log-ins."""
    environment.ensure(dev=False)
    environment.fetch_assets()
    environment.compile_messages()
    stamps = Stamps(STAMPS)

    migrations = digest([environment.RUNTIME_LOCK, *ROOT.glob("*/migrations/*.py")])
    embedded_database = not configured("DATABASE_URL")
    if not (embedded_database and (VAR / "prm.sqlite3").exists() and stamps.fresh("migrate", migrations)):
        environment.say("Preparing the database")
        manage("migrate", "--verbosity", "0", env=env)
        manage("createcachetable", "--verbosity", "0", env=env)
        stamps.set("migrate", migrations)

    static = digest(
        [environment.RUNTIME_LOCK, *(path for path in (ROOT / "static").rglob("*") if path.is_file())],
    )
    if not ((VAR / "static").exists() and stamps.fresh("collectstatic", static)):
        environment.say("Collecting style sheets, scripts and icons")
        manage("collectstatic", "--no-input", "--verbosity", "0", env=env)
        stamps.set("collectstatic", static)

    if not demo_data:
        return []
    story = digest((ROOT / "workspace" / "demo").glob("*.py"))
    if not (embedded_database and stamps.fresh("demo", story) and has_demo_data(VAR / "prm.sqlite3")):
        logins = load_demo_data(env)
        stamps.set("demo", story)
        stamps.set("logins", "\n".join(logins))
    return stamps.done["logins"].splitlines()


# --- running --------------------------------------------------------------------


@dataclass
class Child:
    name: str
    process: subprocess.Popen[str]
    pump: threading.Thread
    again: "Callable[[], Child]"


def start(name: str, command: list[str], env: dict[str, str]) -> Child:
    """A child in its own process group (Ctrl-C reaches only us, who then stop it in order), its lines prefixed."""
    process = subprocess.Popen(
        [str(environment.venv_python()), "-m", *command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    label = f"{name:<6} | "
    if sys.stdout.isatty():
        label = f"{COLOURS[name]}{label}\033[0m"

    def pump() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(label + line.rstrip("\n") + "\n")
            sys.stdout.flush()

    thread = threading.Thread(target=pump, name=f"{name}-output", daemon=True)
    thread.start()
    return Child(name, process, thread, lambda: start(name, command, env))


def signal_group(child: Child, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.process.pid, number)


def stop(children: list[Child]) -> None:
    """Ask each child to finish what it does; after STOP_SECONDS end its whole process group."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            environment.say(f"The {child.name} did not stop in {STOP_SECONDS} s and is ended.")
        signal_group(child, signal.SIGKILL)  # whatever of its group is left
        child.process.wait()
        child.pump.join(timeout=2)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 -- our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


WORKER_STARTS = 5  # one that stops by itself starts again: in a queue of files it can meet a half-written one


def supervise(children: list[Child], *, url: str, logins: list[str], stopping: threading.Event, started: float) -> int:
    """Watch until told to stop or until a child is gone for good. Returns the exit code of the whole."""
    announced, starts = False, 1
    patience_ends = time.monotonic() + READY_SECONDS
    while not stopping.wait(0.2):
        for place, child in enumerate(children):
            code = child.process.poll()
            if code is not None and child.name == "worker" and starts < WORKER_STARTS:
                environment.say(f"The worker stopped by itself (exit code {code}) and is started again.")
                starts += 1
                children[place] = child.again()
            elif code is not None:
                environment.say(f"The {child.name} stopped by itself (exit code {code}); stopping everything.")
                return code if 0 < code < 126 else 1
        if not announced and is_ready(url):
            announced = True
            words = f"\nReady after {time.monotonic() - started:.1f} s:  {url}/   (Ctrl-C stops it)\n"
            environment.say(words + "".join(f"{line}\n" for line in logins))
        if not announced and time.monotonic() > patience_ends:
            environment.say(f"{url}/readyz does not answer with 200 after {READY_SECONDS} s; stopping everything.")
            return 1
    environment.say("\nStopping.")
    return 0


def run(*, host: str, port: int, logins: list[str], env: dict[str, str], began: float) -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    address = f"[{host}]" if ":" in host else host
    level = env.get("LOG_LEVEL", "INFO")
    commands = {
        "web": [
            "gunicorn",
            "prm.wsgi",
            *("--bind", f"{address}:{port}"),
            *("--worker-class", "gthread"),
            *("--workers", "1"),
            *("--threads", "8"),
            *("--graceful-timeout", "5"),
            *("--log-level", level.lower()),
            "--no-control-socket",
        ],
        "worker": [
            "celery",
            "--quiet",
            *("-A", "prm"),
            "worker",
            *("--pool", "solo"),
            "-B",
            *("--loglevel", level),
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ],
    }
    children: list[Child] = []
    try:
        children.extend(start(name, command, env | QUIET) for name, command in commands.items())
        url = f"http://{address}:{port}"
        return supervise(children, url=url, logins=logins, stopping=stopping, started=began)
    finally:
        stop(children)


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--without-demo-data", action="store_true")
    arguments = parser.parse_args()
    began = time.monotonic()
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if not configured("BASE_URL"):
        env["BASE_URL"] = f"http://{arguments.host}:{arguments.port}"
    if not configured("LOG_HUMAN"):
        env["LOG_HUMAN"] = "1"
    if not configured("LOG_LEVEL"):
        env["LOG_LEVEL"] = "WARNING"  # the address and the log-ins stay on the screen
    if not (arguments.without_demo_data or configured("ORGANISATION")):
        env["ORGANISATION"] = "Halden Software"  # the invented vendor of the demo's partners
    try:
        if arguments.host not in LOOPBACK:
            raise environment.SetupError(
                f"The embedded edition serves this machine only; {arguments.host} is not {' or '.join(LOOPBACK)}.\n"
                "To reach it from others, see docs/operations.md, section 2 or 3."
            )
        require_free_port(arguments.host, arguments.port)
        logins = prepare(env=env, demo_data=not arguments.without_demo_data)
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"Stopped: {' '.join(map(str, error.cmd[1:]))} ended with {error.returncode}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before the start.", file=sys.stderr)
        return 130
    return run(host=arguments.host, port=arguments.port, logins=logins, env=env, began=began)


if __name__ == "__main__":
    sys.exit(main())
