"""Nobody learns who has an account (reliability P8): same status, words and work. Times: bench/enumeration.py."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from core.models import Outbox
from tests.factories import make_member, make_user
from tests.portal.sso import oidc_provider

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
KINDS = ("existing", "unknown", "disabled", "partner", "company only", "without password")


@pytest.fixture
def people(partner, other_partner):
    """One address per kind. All passwords are right, so that only a difference in standing could show."""
    oidc_provider(other_partner, "https://login.test", sso_only=True)
    make_user(email="existing@vendor.test", password=PASSWORD)
    make_user(email="disabled@vendor.test", password=PASSWORD, is_active=False)
    make_user(email="without@vendor.test")
    make_member(partner=partner, email="partner@vendor.test", password=PASSWORD)
    make_member(partner=other_partner, email="company@vendor.test", password=PASSWORD)
    return dict(zip(KINDS, [f"{kind.split()[0]}@vendor.test" for kind in KINDS], strict=True))


def seen(answer):
    """Status, address led to and body, less what differs in every answer."""
    body = re.sub(r"csrfmiddlewaretoken\" value=\"\w+\"", "", answer.content.decode())
    return answer.status_code, answer.get("Location"), re.sub(r"\w+@vendor\.test", "ADDRESS", body)


def test_log_in_says_the_same_to_a_wrong_password(people):
    answers = {
        kind: seen(Client().post("/accounts/login/", {"login": email, "password": "wrong"}))
        for kind, email in people.items()
    }

    assert len(set(answers.values())) == 1
    assert answers["unknown"][0] == 200


@pytest.mark.parametrize("kind", ["disabled", "company only"])
def test_right_password_of_whom_it_does_not_let_in_is_answered_like_a_wrong_one(people, kind):
    answers = [
        seen(Client().post("/accounts/login/", {"login": people[kind], "password": password}))
        for password in ("wrong", PASSWORD)
    ]

    assert answers[0] == answers[1]


def test_log_in_makes_one_hash_for_everybody(people, monkeypatch):
    from django.contrib.auth.hashers import get_hasher

    hasher, calls, running = type(get_hasher()), [], []

    def counted(real):
        def run(self, *args):
            if not running:
                calls.append(real.__name__)
            running.append(1)
            try:
                return real(self, *args)
            finally:
                running.pop()

        return run

    for name in ("encode", "verify"):
        monkeypatch.setattr(hasher, name, counted(getattr(hasher, name)))
    counts = {}
    for kind, email in people.items():
        calls.clear()
        Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        counts[kind] = len(calls)

    assert len(set(counts.values())) == 1, counts


def test_throttled_log_in_says_the_same(people):
    answers = set()
    for number, email in enumerate(people.values()):
        for _ in range(10):
            Client().post("/accounts/login/", {"login": email, "password": "wrong"}, REMOTE_ADDR=f"203.0.113.{number}")
        answers.add(
            seen(Client().post("/accounts/login/", {"login": email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.99"))
        )

    assert ({answer[0] for answer in answers}, len(answers)) == ({429}, 1)


def test_reset_says_the_same_and_mails_everybody(people):
    answers = {
        seen(Client().post("/accounts/password/reset/", {"email": email}, follow=True)) for email in people.values()
    }

    assert len(answers) == 1
    assert Outbox.objects.count() == len(people)
    linked = set(Outbox.objects.filter(body__contains="/reset/key/").values_list("to", flat=True))
    assert linked == {people["existing"], people["partner"], people["without password"]}


def test_finding_a_company_says_the_same(people):
    assert len({seen(Client().post("/sso/", {"email": email})) for email in people.values()}) == 1
