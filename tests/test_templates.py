"""House rules for templates: they parse, obey the content security policy, and fragments stay fragments."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.template import Context, engines
from django.template.loader import get_template
from django.test import RequestFactory

from core.icons import ICONS

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
SCRIPT_WITH_CODE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE)
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style block": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": SCRIPT_WITH_CODE,
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an htmx handler": re.compile(r"hx-on\b", re.IGNORECASE),
    "evaluated htmx values": re.compile(r"hx-(vals|headers|vars)=[\"'](js|javascript):|hx-vars", re.IGNORECASE),
    "a trigger filter": re.compile(r"hx-trigger=\"[^\"]*\[", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "hyperscript": re.compile(r"\s_=\"|data-script", re.IGNORECASE),
    "another host": re.compile(r"(src|href)=\"(https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_parses(name: str) -> None:
    assert get_template(name).template.name == name


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_obeys_the_content_security_policy(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("name", [name for name in TEMPLATES if Path(name).name.startswith("_")])
def test_fragment_never_extends(name: str) -> None:
    assert "{% extends" not in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_names_only_known_icons(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    asked = re.findall(r"\{% icon [\"']([\w-]+)[\"']", text)
    assert [one for one in asked if one not in ICONS] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_uses_only_classes_the_stylesheet_has(name: str) -> None:
    css = "".join(path.read_text(encoding="utf-8") for path in (ROOT.parent / "static" / "css").glob("*.css"))
    known = set(re.findall(r"\.([a-z][\w-]*)", css))
    written = re.findall(
        r'class="([^"]*)"', re.sub(r"\{[%{].*?[%}]\}", "\0", (ROOT / name).read_text(encoding="utf-8"))
    )
    asked = {one for value in written for one in value.split() if "\0" not in one}
    assert asked - known - {"icon"} == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_post_form_carries_a_token(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, flags=re.DOTALL | re.IGNORECASE)
    assert [form[:80] for form in forms if "csrf_token" not in form] == []


def test_forbidden_patterns_catch_what_they_name() -> None:
    bad = {
        "an inline style": '<p style="color:red">',
        "a style block": "<style>",
        "an inline script": "<script>alert(1)</script>",
        "an inline handler": '<a onclick="x()">',
        "an htmx handler": '<a hx-on:click="x()">',
        "evaluated htmx values": "<a hx-vals='js:{a:1}'>",
        "a trigger filter": '<a hx-trigger="click[ctrlKey]">',
        "a javascript: address": '<a href="javascript:x">',
        "hyperscript": '<a _="on click">',
        "another host": '<img src="//example.com/x.png">',
    }
    assert {what for what, text in bad.items() if FORBIDDEN[what].search(text)} == set(FORBIDDEN)


def test_htmx_is_configured_without_eval_scripts_or_history() -> None:
    html = get_template("components/_htmx_config.html").render({})
    config = json.loads(html.split("content='")[1].split("'")[0])
    kept = {key: config[key] for key in ("allowEval", "allowScriptTags", "historyCacheSize", "selfRequestsOnly")}
    assert kept == {"allowEval": False, "allowScriptTags": False, "historyCacheSize": 0, "selfRequestsOnly": True}
    swaps = {rule["code"]: rule["swap"] for rule in config["responseHandling"]}
    assert swaps == {"204": False, "[23]..": True, "4(03|04|09|22)": True, "[45]..": False}


def test_prose_guards_htmx_attributes_of_both_versions() -> None:
    html = engines["django"].from_string('{% include "components/_prose.html" %}').render({"html": "<b hx-post='/x'>"})
    assert html.strip() == '<div class="prose" hx-disable hx-ignore>&lt;b hx-post=&#x27;/x&#x27;&gt;</div>'


@pytest.mark.parametrize("name", ["403.html", "404.html"])
def test_refusal_is_a_page_for_people_and_a_line_for_htmx(name: str) -> None:
    request = RequestFactory().get("/app/")
    request.htmx = False  # type: ignore[attr-defined]
    page = get_template(name).template.render(_context(request))
    request.htmx = True  # type: ignore[attr-defined]
    line = get_template(name).template.render(_context(request))
    assert ("<!doctype html>" in page, "<!doctype html>" in line, 'role="alert"' in line) == (True, False, True)


def _context(request: HttpRequest) -> Context:
    return Context({"request": request})


def test_server_error_page_needs_no_context() -> None:
    assert "Something broke on our side" in get_template("500.html").render({})
