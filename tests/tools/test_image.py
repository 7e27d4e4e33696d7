"""What the production image is built from: every room, and what the program needs to start."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent.parent


def rooms() -> set[str]:
    """Our own packages."""
    own = {Path(config.path).name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    return own | {"prm"}


def context() -> list[str]:
    """What .dockerignore lets in; it shuts everything else out first."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def test_image_and_checks_know_every_room():
    assert rooms() <= set(context())
    assert set(re.search(r"^ROOMS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()) == rooms()


@pytest.mark.slow
def test_program_starts_from_what_the_image_gets(tmp_path: Path):
    place = tmp_path / "srv"
    place.mkdir()
    for name in context():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, place / name)
    outer = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env = {**outer, "PRM_PROFILE": "embedded", "VAR_DIR": str(tmp_path)}
    for command in (["check"], ["collectstatic", "--no-input", "--verbosity", "0"], ["migrate", "--check"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=place, env=env, capture_output=True, text=True, check=False
        )
        missing = command[0] == "migrate" and done.returncode == 1 and "Traceback" not in done.stderr
        assert missing or done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "static" / "staticfiles.json").exists()
