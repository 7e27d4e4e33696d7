"""Hostile text (reliability 6.3). Each would set `window.PWNED`, open a dialog, or ask for an address with `forged`."""

from __future__ import annotations

from itertools import count, cycle

from tests.browser import hostile
from tests.isolation.twins import Twin

MORE = [
    # attribute break-outs, in both kinds of quotes and in none
    '" onmouseover="window.PWNED=1" x="',
    "' onfocus='window.PWNED=1' autofocus x='",
    "x onclick=window.PWNED=1//forged",
    '" hx-get="/forged" hx-trigger="load" x="',
    "' data-hx-post='/forged' data-hx-trigger='load' x='",
    '"><script src=//forged.example/x.js></script>',
    "`><img src=/forged onerror=`window.PWNED=1`>",
    '" style="background:url(/forged)" x="',
    '" formaction="/forged" x="',
    '" id="csrfmiddlewaretoken" name="forged',
    # mutation: parsers that disagree about what ends what
    '<noscript><p title="</noscript><img src=/forged onerror=window.PWNED=1>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=/forged onerror=window.PWNED=1&gt;">',
    '<svg></p><style><a id="</style><img src=/forged onerror=window.PWNED=1>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src=/forged onerror=window.PWNED=1>",
    "<!--><img src=/forged onerror=window.PWNED=1>-->",
    "<![CDATA[><img src=/forged onerror=window.PWNED=1>]]>",
    "<xmp><p title='</xmp><img src=/forged onerror=window.PWNED=1>'>",
    # never closed
    "<img src='/forged",
    '<a href="/forged',
    "<textarea><img src=/forged",
    "<!-- forged",
    "<script>/*forged",
    "<style>/*forged",
    "<select><option>forged",
    "</main></body></html><img src=/forged>",
    # addresses
    "JaVaScRiPt:window.PWNED=1//forged",
    "java\tscript:window.PWNED=1//forged",
    "\x01javascript:window.PWNED=1//forged",
    "data:text/html,<script>parent.PWNED=1</script>forged",
    "vbscript:msgbox(1)//forged",
    "//forged.example",
    "/\\forged.example",
    "https:forged.example",
    # Markdown and other mark-up nobody asked for
    "[forged](javascript:window.PWNED=1)",
    "![forged](/forged)",
    "<javascript:window.PWNED=1//forged>",
    "`<img src=/forged onerror=window.PWNED=1>`",
    # clobbering names of the document
    '<a id="prm"></a><form id="forms" name="forged"><input name="attributes"></form>',
    '<img name="cookie" src="/forged"><img name="body">',
    '<div id="__proto__" hx-boost="true"><a href="/forged">x</a></div>',
    # what templates and scripts might evaluate
    "pwn{{7*7}}pwn",
    "{% debug %}{% load static %}{% include '/forged' %}",
    "${window.PWNED=1}",
    "#{7*7}<%= 7*7 %>",
    "\\u003cimg src=/forged onerror=window.PWNED=1\\u003e",
    "</script><script>window.PWNED=1</script>forged",
    # characters
    "a\u2028window.PWNED=1\u2029//forged",
    "\u202eforged<img src=/forged>",
    "\ufeff<script>window.PWNED=1</script>forged",
    "＜script＞window.PWNED=1＜/script＞forged",
    "%3Cscript%3Ewindow.PWNED=1%3C/script%3Eforged",
    "&lt;img src=/forged onerror=window.PWNED=1&gt;",
    # htmx again, as it is really written
    '<button hx-post="/forged" hx-trigger="load" hx-include="closest body">f</button>',
    '<div hx-on::load="window.PWNED=1" hx-get="/forged">g</div>',
    '<div hx-vals="js:{a:window.PWNED=1}" hx-get="/forged" hx-trigger="load">h</div>',
    '<body hx-boost="true" hx-headers=\'{"a":"forged"}\'>',
    '<div hx-swap-oob="true" id="main">forged</div>',
    '<meta name="htmx-config" content=\'{"allowEval":true,"forged":1}\'>',
]
PAYLOADS = [*hostile.PAYLOADS, *MORE]
UNIQUE = ("digest", "key", "issuer")  # in names of fields whose values stand once in the product


class Hostile(Twin):
    """A twin whose every text is a payload, another one in each row. `shift`: with which payload it begins."""

    def __init__(self, letter: str = "B", *, shift: int = 0, wanted: int = 12) -> None:
        super().__init__(letter, wanted=wanted)
        self.used: set[tuple[str, str, str]] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.payloads = cycle(PAYLOADS[shift % len(PAYLOADS) :] + PAYLOADS[: shift % len(PAYLOADS)])
        self.extra = count(1)

    def text(self, model: str, name: str, longest: int | None) -> str:
        self.texts += 1
        payload = next(self.payloads)
        text = payload[:longest]
        if (model, name, text) in self.used or any(part in name for part in UNIQUE):
            text = f"{self.letter}{next(self.extra)}{payload}"[:longest]
        self.used.add((model, name, text))
        self.pairs.add((f"{model}.{name}", payload))
        return text
