"""Whether a page holds an element or an attribute that came out of a text: read as HTML5 says, as browsers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import html5lib

FORGED = re.compile(r"forged|PWNED", re.IGNORECASE)
# Where our pages may quote a text of people: as the value of these, never as a name, an address or an instruction.
QUOTED = {
    "value",
    "title",
    "alt",
    "content",
    "placeholder",
    "aria-label",
    "aria-description",
    "label",
    "summary",
    "download",
}
ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "poster",
    "srcset",
    "xlink:href",
    "ping",
    "background",
    "cite",
}
NEVER = {"iframe", "object", "embed", "base", "math", "marquee", "frameset", "video", "audio", "style", "portal", "xmp"}
SCHEMES = re.compile(
    r"^[\s\x00-\x1f]*(javascript|data|vbscript):|^[\\/]{0,2}(forged|%2fforged)|^https?:/*forged", re.IGNORECASE
)
HARMLESS_DATA = "data:image/"


def created(html: str) -> Iterator[str]:
    """One line per element or attribute that a payload made."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    for element in tree.iter():
        if isinstance(element.tag, str):
            yield from _of(element)


def _of(element: Any) -> Iterator[str]:
    tag = element.tag.rsplit("}", 1)[-1]
    if tag in NEVER or (tag == "script" and not element.get("src") and element.get("type") != "application/json"):
        yield f"<{tag}> {dict(element.attrib)}"[:160]
    for name, value in element.attrib.items():
        name = name.rsplit("}", 1)[-1] if isinstance(name, str) else str(name)
        low = name.lower()
        if (
            low.startswith("on")
            or FORGED.search(name)
            or (low in ("style", "srcdoc", "http-equiv") and tag != "meta")
            or (low in ADDRESSES and SCHEMES.search(value) and not value.startswith(HARMLESS_DATA))
            or (low not in QUOTED and low not in ADDRESSES and FORGED.search(value) and not _is_ours(low))
        ):
            yield f"<{tag} {name}={value!r}>"[:160]


def _is_ours(name: str) -> bool:
    """Data attributes of our own scripts, which read them as text."""
    return name.startswith("data-") and not name.startswith("data-hx-")
