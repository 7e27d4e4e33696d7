"""Run inside a live product: two twins of payloads, a session per role, and every page each of them can open."""

from __future__ import annotations

import json

from django.conf import settings
from django.db import transaction

from tests.attack.payloads import PAYLOADS, Hostile
from tests.isolation.cast import cast_of
from tests.isolation.forms import pages_of
from tests.isolation.twins import twins
from tests.isolation.walk import Walk, listening

ROLES = ("administrator", "A admin", "observer of A")
NOT_OURS = {"/api/docs/"}


def fill() -> None:
    """Print one line of JSON: counts, and by role the session's cookie and the paths."""
    ours, theirs = twins(Hostile("A", wanted=24), Hostile("B", shift=40, wanted=2))
    actors = [actor for actor in cast_of(ours, theirs) if actor.name in ROLES]
    roles = {}
    with transaction.atomic():
        walk = Walk(ours, theirs)
        with listening(walk):
            for actor in actors:
                actor.client.defaults["SERVER_NAME"] = "127.0.0.1"
                pages = [page.url for page in pages_of(walk, actor) if page.url not in NOT_OURS]
                if actor.kind == "observer":
                    pages = [url for url in pages if url.startswith("/portal/")]
                roles[actor.name] = {
                    "cookie": actor.client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "pages": pages,
                }
    told = {
        "roles": roles,
        "name": settings.SESSION_COOKIE_NAME,
        "payloads": len(PAYLOADS),
        "fields": len({name for name, _payload in ours.pairs}),
        "pairs": len(ours.pairs),
    }
    print("FILLED " + json.dumps(told))
