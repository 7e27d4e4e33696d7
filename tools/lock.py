#!/usr/bin/env python3
"""Write `requirements.lock` and `requirements-dev.lock` from `pyproject.toml`, with hashes and without any host.

uv resolves for every Python and platform at once; it lives in a throw-away environment and is no dependency of the
product. Arguments are handed on, for example `--upgrade`.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
LOCKS = {"requirements.lock": [], "requirements-dev.lock": ["--group", "dev"]}


def pip_index(python: Path) -> str:
    """The package index pip is configured to use, so that uv asks the same one; empty for the default."""
    found = subprocess.run(
        [python, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
        environment = {**os.environ, "UV_NATIVE_TLS": "1"}
        if index := pip_index(python):
            environment.setdefault("UV_DEFAULT_INDEX", index)
        for name, group in LOCKS.items():
            subprocess.run(
                [
                    python,
                    "-m",
                    "uv",
                    "pip",
                    "compile",
                    *FLAGS,
                    *group,
                    *arguments,
                    "--quiet",
                    "-o",
                    name,
                    "pyproject.toml",
                ],
                check=True,
                cwd=ROOT,
                env=environment,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
