"""P10: what lets its bearer in cannot be guessed, is not in the tables, dies at first use, and who tries many waits.

The kinds are those of `bench/guesses.py`, which tries a million. That twenty wrong API tokens, invitations, links in
mails, calendars and mail preferences make an address wait is tested beside each of them; wrong codes of the second step
in tests/accounts/test_two_steps.py.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import services
from accounts.models import User, UserSession
from bench._secrets import guesses, issue
from core import clock
from core.models import Outbox
from core.outbox import sweep
from tests.factories import make_invitation, make_user
from tests.isolation.routes import every_route
from tests.portal.sso import oidc_provider, saml_provider
from tests.providers.saml import SamlProvider

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk by the sea"
LEAST_BITS = 128
IN_THE_CLEAR = (Outbox, Session, UserSession)  # mails not sent yet; the framework's sessions and the list of them
SECRET_PARTS = {"secret", "token", "key"}
BY_SECRET = {
    "portal:join",
    "engagement:act",
    "engagement:calendar_feed",
    "accounts:preferences_by_link",
    "accounts:mails_stop",
    "account_reset_password_from_key",
    "account_confirm_email",
}


@pytest.fixture
def kinds(db):
    return issue(3)


def tables(*, but=()):
    """Every row of every table as text."""
    models = [model for model in apps.get_models() if model not in but]
    return "\n".join(str(row) for model in models for row in model._base_manager.values_list())


def reset_link(user):
    Client().post("/accounts/password/reset/", {"email": user.email})
    return re.search(r"/accounts/password/reset/key/\S+", Outbox.objects.get(to=user.email).body)[0]


def test_addresses_that_hold_a_secret_are_the_known_ones():
    """A new one needs its kind in bench/_secrets.py, a limit on wrong ones, and its place in core/logs.py."""
    assert {route.name for route in every_route() if SECRET_PARTS & set(route.parts)} == BY_SECRET


def test_every_kind_has_at_least_128_bits_and_no_two_are_alike(kinds):
    assert [kind.name for kind in kinds if kind.bits < LEAST_BITS] == []
    assert [kind.name for kind in kinds if len(set(kind.live)) < len(kind.live)] == []


@pytest.mark.slow
def test_true_secrets_open_and_a_thousand_guesses_do_not(kinds):
    assert [kind.name for kind in kinds if not all(kind.opens(secret) for secret in kind.live)] == []

    hits = {kind.name: [guess for guess in guesses(kind, 1000, Random(1)) if kind.opens(guess)] for kind in kinds}
    assert hits == {kind.name: [] for kind in kinds}


def test_tables_hold_no_secret(kinds):
    rows = tables(but=IN_THE_CLEAR)

    assert [kind.name for kind in kinds if any(secret in rows for secret in kind.live)] == []


def test_sent_mails_hold_no_secret(member, partner, manager, settings):
    settings.MAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    services.choose_channels(user=member, channels={"meeting_moved": "mail"})
    services.notify(
        users=[member], kind="meeting_moved", title="Moved", url="/portal/", reason="You take part.", key="k",
        partner_uid=partner.uid,
    )  # fmt: skip
    headers = Outbox.objects.get(to=member.email).headers
    token = headers["List-Unsubscribe"].split("/notifications/")[1].split("/")[0]
    assert token in tables()

    sweep()

    assert token not in tables()
    assert Outbox.objects.get(to=member.email).status == "sent"


# --- one-time links: looking changes nothing, the first POST uses them up ------------


def test_invitation_is_used_up_by_the_first_post_only(partner, manager):
    path = f"/join/{make_invitation(partner=partner, by=manager, email='nina@partner.test')[1]}/"
    form = {"name": "Nina Berg", "password": PASSWORD, "time_zone": "Europe/Oslo"}
    assert [Client().get(path).status_code for _ in range(3)] == [200] * 3

    answers = [Client().post(path, form).status_code for _ in range(2)]

    assert (answers, Client().get(path).status_code) == ([302, 404], 404)


def test_link_for_a_new_password_is_used_up_by_the_first_post_only():
    user = make_user(password="before it began")
    link = reset_link(user)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    first, second = Client(), Client()
    pages = [client.get(link, follow=True) for client in (Client(), first, second)]
    assert ["password1" in page.content.decode() for page in pages] == [True] * 3
    opened = pages[0].redirect_chain[-1][0]

    first.post(opened, form)
    second.post(opened, {"password1": "another long walk", "password2": "another long walk"})

    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert "password1" not in Client().get(link, follow=True).content.decode()


# --- twenty wrong ones in a minute, then the address waits ---------------------------


def test_wrong_links_for_a_new_password_make_the_address_wait(client, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    link = reset_link(make_user(password="before it began"))
    wrong = [client.get(link[:-9] + f"{number:08}/").status_code for number in range(22)]

    assert wrong == [200] * 20 + [429] * 2
    assert client.get(link).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(link).status_code == 302
    time_machine.shift(61)
    assert client.get(link).status_code == 302


def test_asking_for_data_instead_of_a_page_is_counted_alike(client, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    headers = {"X-Requested-With": "XMLHttpRequest"}
    path = "/accounts/password/reset/key/1-d0abc-{:032x}/"
    answers = [client.get(path.format(number), headers=headers).status_code for number in range(21)]

    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize("way", ["callback/?code=c&state", "finish/?answer"])
def test_made_up_ways_back_from_a_company_make_the_address_wait(client, partner, way, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    make = oidc_provider(partner, "https://x.test") if "code" in way else saml_provider(partner, SamlProvider())
    answers = [client.get(f"/sso/{make.uid}/{way}=guess-{number}").status_code for number in range(22)]

    assert answers == [403] * 20 + [429] * 2


def test_no_address_is_confirmed_by_a_link(client):
    path = "/accounts/confirm-email/Mg:1abc:def/"

    assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
