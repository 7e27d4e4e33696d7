"""P26: every text field full of payloads, every page of every role read as a browser reads it."""

from __future__ import annotations

import pytest
from django.utils.html import escape

from tests.attack.check import created
from tests.attack.payloads import PAYLOADS, Hostile
from tests.isolation.cast import cast_of
from tests.isolation.forms import pages_of
from tests.isolation.twins import twins
from tests.isolation.walk import Walk, listening

ROLES = ("A admin", "A viewer", "observer of A", "portfolio manager", "administrator")
SHIFTS = 2
NOT_OURS = {"/api/docs/"}  # the page of the API's documentation holds a script of its library and no text of people


def test_there_are_enough_payloads():
    assert len(PAYLOADS) >= 60
    assert len(set(PAYLOADS)) == len(PAYLOADS)


def test_the_check_sees_what_a_text_makes():
    """Each kind of payload, written into a page unescaped, is noticed; escaped, it is not."""
    loud = [text for text in PAYLOADS if "<" in text and "&lt;" not in text and "\\u003c" not in text]
    missed = [text for text in loud if not list(created(f'<!doctype html><title>x</title><p id="a">{text}</p>'))]
    assert len(missed) <= len(loud) // 3, missed  # half-open and clobbering ones need a page of their own to act
    quiet = [text for text in PAYLOADS if list(created(f'<!doctype html><p title="{escape(text)}">{escape(text)}</p>'))]
    assert quiet == []


@pytest.mark.slow
@pytest.mark.parametrize("shift", range(SHIFTS))
def test_no_page_makes_an_element_of_a_text(db: None, shift: int):
    ours, theirs = twins(Hostile("A", shift=shift * 40, wanted=16), Hostile("B", shift=shift * 40 + 12, wanted=1))
    actors = [actor for actor in cast_of(ours, theirs) if actor.name in ROLES]
    walk = Walk(ours, theirs)
    found, pages = [], 0
    with listening(walk):
        for actor in actors:
            for page in pages_of(walk, actor, ("own", "admin") if actor.kind == "admin" and shift == 0 else ("own",)):
                if page.url in NOT_OURS:
                    continue
                pages += 1
                found += [f"{actor.name} {page.url}: {one}" for one in created(page.html)]
                if "pwn49pwn" in page.html:
                    found.append(f"{actor.name} {page.url}: a template was evaluated")
    print(
        f"\nattack: {len(PAYLOADS)} payloads, {len(ours.pairs)} payload-field pairs of"
        f" {len({name for name, _payload in ours.pairs})} fields, {len(actors)} roles, {pages} pages, {len(found)} hits"
    )
    assert pages >= 40
    assert found == []
    assert walk.failed == []
