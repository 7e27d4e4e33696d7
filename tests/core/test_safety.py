import subprocess
import sys
from pathlib import Path

import pytest

from core.safety import problems

SAFE = {
    "production": True,
    "debug": False,
    "secret_key": "k9" * 30 + "xyz",
    "embedded_secret": "built-in",
    "allowed_hosts": ["prm.example.com"],
    "base_url": "https://prm.example.com",
    "sqlite": False,
}


def test_safe_production_has_no_problem():
    assert problems(**SAFE) == []


def test_embedded_on_loopback_has_no_problem():
    assert (
        problems(
            **{**SAFE, "production": False, "secret_key": "built-in", "allowed_hosts": ["127.0.0.1"], "sqlite": True}
        )
        == []
    )


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"debug": True}, "DEBUG is on"),
        ({"outbound_loopback": True}, "OUTBOUND_ALLOW_LOOPBACK"),
        ({"secret_key": "built-in"}, "SECRET_KEY"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"secret_key": "a" * 60}, "SECRET_KEY"),
        ({"allowed_hosts": ["*"]}, "ALLOWED_HOSTS"),
        ({"sqlite": True}, "The production profile needs PostgreSQL"),
        ({"base_url": "http://prm.example.com"}, "BASE_URL"),
        ({"production": False}, "The embedded profile"),
    ],
)
def test_each_unsafe_setting_is_named(change, start):
    found = problems(**{**SAFE, **change})

    assert [text.startswith(start) for text in found] == [True]


def test_process_refuses_to_start(tmp_path):
    root = Path(__file__).resolve().parents[2]
    env = {"PRM_PROFILE": "production", "VAR_DIR": str(tmp_path), "PATH": "", "ALLOWED_HOSTS": "prm.example.com"}
    run = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=root, env=env, capture_output=True, text=True, check=False
    )

    assert run.returncode != 0
    assert "not safe to serve" in run.stderr
