"""Other languages: every text stands in every catalogue, keeps its placeholders, and no page has a text of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import allauth
import django
import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import CharField, JSONField, TextField
from django.utils.translation import trans_real
from lxml import html

from accounts.models import User
from tests.isolation.addresses import address
from tests.isolation.conftest import actors, pair, walk
from tests.isolation.routes import every_route

__all__ = ["actors", "pair", "walk"]

ROOT = Path(__file__).resolve().parent.parent.parent
OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]
HOLES = re.compile(r"%\(\w+\)[sd]|%%|%[sd]|\{\w*(?:[.!:][^}]*)?\}|</?\w+[^>]*>|&\w+;")
OPEN, CLOSE = "⟦", "⟧"
READ_ALOUD = ("aria-label", "title", "placeholder", "alt")
READERS = ("anonymous", "A admin", "A seller", "administrator", "portfolio manager")
ROOMS = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
LETTERS = re.compile(r"[A-Za-z]{3,}")


def holes(text: str) -> Counter[str]:
    return Counter(HOLES.findall(text))


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


@pytest.mark.parametrize("language", OTHERS)
def test_catalogue_is_whole_and_keeps_the_placeholders(language):
    forms = int(re.search(r"nplurals=(\d)", catalogue(language).metadata["Plural-Forms"])[1])
    assert [entry.msgid for entry in catalogue(language) if entry.fuzzy or entry.obsolete] == []
    for entry in catalogue(language):
        given = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        assert len(given) == (forms if entry.msgid_plural else 1), entry.msgid
        for text in given:
            assert text.strip(), f"{entry.msgid!r} is not translated"
            assert holes(text) in (holes(entry.msgid), holes(entry.msgid_plural)), f"{entry.msgid!r}: {text!r}"
            for edge in (slice(None, 1), slice(-1, None)):
                assert text[edge].isspace() == entry.msgid[edge].isspace(), f"{entry.msgid!r}: {text!r}"


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext to read the texts out of the program")
def test_catalogues_hold_the_texts_of_the_program_and_no_others(tmp_path):
    for name in (*ROOMS, "prm", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc", "__pycache__"))
    (tmp_path / "locale").mkdir()
    gather = [sys.executable, "-m", "django", "makemessages", "--locale", "xx", "--verbosity", "0"]
    subprocess.run(gather, cwd=tmp_path, check=True, env={**os.environ, "DJANGO_SETTINGS_MODULE": ""})
    told = keys(polib.pofile(str(tmp_path / "locale/xx/LC_MESSAGES/django.po")))
    for language in OTHERS:
        assert keys(catalogue(language)) == told, "run `make messages` and translate what is new"


def keys(book: polib.POFile) -> set[tuple[str, str, str]]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in book if not entry.obsolete}


def test_no_page_has_a_text_of_its_own(walk, actors, in_brackets):
    """With every known text in brackets, what stands outside them is a row's."""
    readers = [actor for actor in actors if actor.name in READERS]
    for reader in readers:
        if reader.user:
            User.objects.filter(pk=reader.user.pk).update(language="xx")
    told = words_of_rows()
    loose: dict[str, str] = {}
    for route in every_route():
        values = address(walk, route, walk.ours, actors) if route.area in ("own", "account") else None
        for reader in readers if values is not None else ():
            response = reader.client.get(route.url(values), headers={"accept-language": "xx"})
            if response.status_code == 200 and "html" in response["Content-Type"]:
                for text in outside(response.content.decode()):
                    if LETTERS.search(told.sub(" ", text)):
                        loose[text] = f"{reader.name} at {route.path}"
    assert loose == {}


def words_of_rows() -> re.Pattern[str]:
    """Whatever the rows of our own rooms say, the longest first; and what is the same in every language."""
    words = {settings.ORGANISATION, "PRM", "PDF", "API", "Partner relationship management", "UTC", "Authenticators"}
    for model in apps.get_models():
        if model.__module__.split(".")[0] in ROOMS:
            for field in model._meta.get_fields():
                if isinstance(field, CharField | TextField | JSONField) and not field.choices:
                    words |= {str(value) for value in model._base_manager.values_list(field.name, flat=True)}
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if len(word) > 2))


def outside(page: str) -> Iterator[str]:
    """Texts and spoken names of a page that stand in no brackets. A text may hold elements: brackets are counted on."""
    depth = 0
    for text in texts(html.document_fromstring(page)):
        rest, depth = bare(text, depth)
        if LETTERS.search(rest):
            yield rest


def texts(element: html.HtmlElement) -> Iterator[str]:
    for name in READ_ALOUD:
        yield element.get(name) or ""
    if element.tag not in ("script", "style", "code", "kbd", "option", "textarea"):
        yield element.text or ""
        for child in element:
            if isinstance(child.tag, str):
                yield from texts(child)
            yield child.tail or ""


def bare(text: str, depth: int) -> tuple[str, int]:
    """What stands outside all brackets, and how many are open after it."""
    rest = ""
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        rest += letter if depth == 0 and letter != CLOSE else " "
    return " ".join(rest.split()), depth


@pytest.fixture
def in_brackets(tmp_path, settings):
    """A language in which every text of the program and of its libraries stands in brackets."""
    place = tmp_path / "xx" / "LC_MESSAGES"
    place.mkdir(parents=True)
    book = polib.POFile()
    book.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    libraries = [Path(module.__file__).parent for module in (django, allauth)]
    paths = [
        path for folder in (ROOT / "locale", *libraries) for path in sorted(folder.rglob("de/LC_MESSAGES/django.po"))
    ]
    entries = {(entry.msgctxt, entry.msgid): entry for path in paths for entry in polib.pofile(str(path))}
    for entry in entries.values():
        entry.flags, entry.obsolete = [], False
        if entry.msgid_plural:
            entry.msgstr_plural = {0: wrapped(entry.msgid), 1: wrapped(entry.msgid_plural)}
        else:
            entry.msgstr = wrapped(entry.msgid)
        book.append(entry)
    book.save_as_mofile(str(place / "django.mo"))
    settings.LANGUAGES = [*settings.LANGUAGES, ("xx", "Brackets")]
    settings.LOCALE_PATHS = [tmp_path]
    yield
    trans_real._translations.pop("xx", None)


def wrapped(text: str) -> str:
    edge = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{edge[0]}{OPEN}{text.strip()}{CLOSE}{edge[1]}"
