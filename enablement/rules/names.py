"""The name under which a file is shown and downloaded. It is never a path: files are stored under random names."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r'[\\/:*?"<>|%;\x00-\x1f\x7f]+')


def shown_name(raw: str, extension: str) -> str:
    """A harmless name that ends in `.extension`: no path, control or direction characters, no reserved device."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", raw[:4000]))[-1]
    visible = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in last)
    stem = visible.rpartition(".")[0] if "." in visible else visible
    stem = " ".join(_UNSAFE.sub("_", stem).split())[:LONGEST].strip(" .-_'")
    if _RESERVED.fullmatch(stem):
        stem = f"file {stem}"
    return f"{stem or 'file'}.{extension}"
