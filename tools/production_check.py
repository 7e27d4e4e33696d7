#!/usr/bin/env python3
"""`check --deploy --fail-level WARNING` in the shipped production profile, with made-up but valid values.

Only the configuration is looked at: no database and no queue is asked.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROFILE = {
    "PRM_PROFILE": "production",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "BASE_URL": "https://prm.example.com",
    "ALLOWED_HOSTS": "prm.example.com",
    "DATABASE_URL": "postgres://prm:secret@127.0.0.1:5432/prm",
    "REDIS_URL": "redis://:secret@127.0.0.1:6379/0",
}


def main() -> int:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **PROFILE}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
