#!/usr/bin/env python3
"""Make `.venv` from a lock file with plain `venv` and `pip`; needs nothing but Python and its standard library.

Called by `make setup` (with the tools of a developer) and by `make demo` (what the product needs). A stamp inside the
environment holds a fingerprint of the lock file, so that a second call costs milliseconds.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 -- this very line tells users of an older Python what is wrong
    sys.exit(
        "Python 3.11 or newer is needed; this is Python {}.{} ({}).\n"
        "Install a newer one and say which: make demo PYTHON=python3.12".format(*sys.version_info[:2], sys.executable)
    )

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"


class SetupError(Exception):
    """Something the reader can mend; the text says what and how."""


def venv_python() -> Path:
    return VENV / "bin" / "python"


def fingerprint(lock: Path) -> str:
    """What must be equal for the installed packages to be the locked ones: lock file, Python version, place."""
    place = f"{sys.version_info[0]}.{sys.version_info[1]} {VENV}"
    return hashlib.sha256(lock.read_bytes() + place.encode()).hexdigest()


def stamp(lock: Path) -> Path:
    return VENV / f".installed-{lock.stem}"


def is_installed(lock: Path) -> bool:
    return venv_python().exists() and stamp(lock).exists() and stamp(lock).read_text() == fingerprint(lock)


def create_venv() -> None:
    """An environment of this Python; one made by another Python version or moved from elsewhere is made anew."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            "This Python comes without its `venv` module, which the set-up needs.\n"
            f"On Debian and Ubuntu: sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    clear = []
    if venv_python().exists():
        found = subprocess.run(
            [venv_python(), "-c", "import sys, pip; print(sys.prefix, *sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        wanted = f"{VENV} {sys.version_info[0]} {sys.version_info[1]}"
        if found.returncode == 0 and found.stdout.strip() == wanted:
            return
        clear = ["--clear"]
    say(f"Creating {VENV.name} with Python {sys.version_info[0]}.{sys.version_info[1]}")
    subprocess.run([sys.executable, "-m", "venv", *clear, str(VENV)], check=True)


def install(lock: Path) -> None:
    """`pip install --require-hashes` with one moving line of progress; pip's own words only when it fails."""
    total = len(re.findall(r"^[a-z0-9][\w.-]*==", lock.read_text(), flags=re.MULTILINE))
    started = time.monotonic()
    command = [venv_python(), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile", "-r", lock]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off"}
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*command, "--no-input"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=ROOT,
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            match = re.match(r"(Collecting|Requirement already satisfied:) ([\w.\[\]-]+)", line)
            if match:
                seen += 1
                progress(f"Installing packages: {seen} of {total} ({match.group(2)})")
            elif line.startswith("Installing collected packages"):
                progress(f"Installing packages: unpacking {total}")
    if pip.returncode != 0:
        end_progress()
        sys.stderr.writelines(lines[-40:])
        raise SetupError(
            "pip could not install the packages of "
            f"{lock.name}; its last words stand above. Is the package index reachable from this machine?"
        )
    progress(f"Installed packages of {lock.name} in {time.monotonic() - started:.0f} s")
    end_progress()


def say(text: str) -> None:
    print(text, flush=True)


_last_printed = 0.0


def progress(text: str) -> None:
    """One line that is written over on a terminal; in a log file, one line every five seconds."""
    global _last_printed  # noqa: PLW0603 -- one terminal, one line
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{text}")
        sys.stdout.flush()
    elif time.monotonic() - _last_printed > 5 or "Installed" in text:
        _last_printed = time.monotonic()
        say(text)


def end_progress() -> None:
    if sys.stdout.isatty():
        say("")


def ensure(*, dev: bool) -> None:
    """Leave `.venv` as the lock says. The developers' lock holds everything the other holds."""
    if is_installed(DEV_LOCK) or (not dev and is_installed(RUNTIME_LOCK)):
        return
    lock = DEV_LOCK if dev else RUNTIME_LOCK
    create_venv()
    for old in (RUNTIME_LOCK, DEV_LOCK):
        stamp(old).unlink(missing_ok=True)
    install(lock)
    stamp(lock).write_text(fingerprint(lock))


def fetch_assets() -> None:
    """Front-end files into static/vendor/; the script does nothing when they are there."""
    subprocess.run([venv_python(), ROOT / "tools" / "assets.py"], check=True, cwd=ROOT)


def compile_messages() -> None:
    """The catalogues of other languages into what the program reads, where they changed."""
    subprocess.run([venv_python(), ROOT / "tools" / "messages.py", "compile"], check=True, cwd=ROOT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with the tools of a developer")
    arguments = parser.parse_args()
    try:
        ensure(dev=arguments.dev)
        fetch_assets()
        compile_messages()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"Stopped: {' '.join(map(str, error.cmd))} ended with {error.returncode}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
