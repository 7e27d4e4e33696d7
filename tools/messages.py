#!/usr/bin/env python3
"""The product's texts in other languages: `locale/<language>/LC_MESSAGES/django.po`.

python tools/messages.py compile   what the program reads (`django.mo`), where a catalogue is newer; at set-up
python tools/messages.py gather    put new texts into every catalogue and drop old ones; needs GNU gettext
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = (".venv", "bench", "node_modules", "tests", "tools", "var")


def catalogues() -> list[Path]:
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))


def compile_all() -> None:
    """Each catalogue is written aside and put in place at once, so that a running product never reads half of one."""
    for path in catalogues():
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime <= path.stat().st_mtime:
            aside = target.with_suffix(f".{os.getpid()}.tmp")
            polib.pofile(str(path)).save_as_mofile(str(aside))
            aside.replace(target)


def gather() -> None:
    if shutil.which("xgettext") is None:
        sys.exit("xgettext is missing; on Debian and Ubuntu: sudo apt install gettext")
    ignored = [word for folder in LEFT_OUT for word in ("--ignore", folder)]
    languages = [word for path in catalogues() for word in ("--locale", path.parent.parent.name)]
    flags = ["--no-obsolete", "--no-wrap", "--add-location=file"]
    subprocess.run([sys.executable, "manage.py", "makemessages", *languages, *ignored, *flags], check=True, cwd=ROOT)
    for path in catalogues():  # without the time of the last gathering, which would change with every call
        path.write_text(re.sub(r'"POT-Creation-Date: .*\n', "", path.read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=("compile", "gather"))
    {"compile": compile_all, "gather": gather}[parser.parse_args().act]()


if __name__ == "__main__":
    main()
