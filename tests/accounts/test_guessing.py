"""Guessing passwords fails and does not stop the service (reliability P7): counted before hashed."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts import attempts
from accounts.attempts import TooManyAttemptsError, give_back, take
from accounts.models import AttemptSlot
from core import clock
from core.models import Outbox
from core.turnstile import place
from tests.factories import make_user

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def hashes(monkeypatch):
    """The addresses whose password was hashed, in order."""
    from accounts import adapter

    made: list[str] = []
    real = adapter._is_password_of

    def counted(user, password, *, known):
        made.append(user.email if user else "")
        return real(user, password, known=known)

    monkeypatch.setattr(adapter, "_is_password_of", counted)
    return made


@pytest.fixture
def victim(manager):
    manager.set_password(PASSWORD)
    manager.save(update_fields=["password"])
    return manager


def guess(email, password="wrong", *, address="203.0.113.1", client=None):
    return (
        (client or Client())
        .post("/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address)
        .status_code
    )


def test_ten_guesses_at_an_account_are_hashed_from_however_many_addresses(victim, hashes):
    answers = [guess(victim.email, address=f"203.0.113.{number}") for number in range(25)]

    assert (answers, len(hashes)) == ([200] * 10 + [429] * 15, 10)


def test_thirty_guesses_from_an_address_are_hashed_at_however_many_accounts(hashes):
    answers = [guess(f"person{number}@vendor.test") for number in range(40)]

    assert (answers, len(hashes)) == ([200] * 30 + [429] * 10, 30)


def test_addresses_of_one_household_count_as_one(hashes):
    for number in range(40):
        guess(f"person{number}@vendor.test", address=f"2001:db8:1:1::{number:x}")

    assert len(hashes) == 30


def test_spelling_of_the_address_gains_nothing(victim, hashes):
    for number in range(12):
        spelling = victim.email.upper() if number % 2 else f" {victim.email}"
        guess(spelling, address=f"203.0.113.{number}")

    assert len(hashes) == 10


def test_forged_forwarding_header_gains_nothing(hashes):
    for number in range(40):
        Client().post(
            "/accounts/login/",
            {"login": f"person{number}@vendor.test", "password": "wrong"},
            headers={"x-forwarded-for": f"198.51.100.{number}"},
        )

    assert len(hashes) == 30


def test_any_quarter_of_an_hour_has_ten(victim, hashes, time_machine):
    """A window that begins anew on the clock would allow twenty around its edge."""
    start = clock.now()
    for minutes in range(30):
        time_machine.move_to(start + timedelta(minutes=minutes))
        guess(victim.email, address=f"203.0.113.{minutes}")

    assert len(hashes) == 20


def test_right_password_of_a_locked_account_is_refused_like_a_wrong_one(victim, hashes):
    for number in range(10):
        guess(victim.email, address=f"203.0.113.{number}")

    assert {guess(victim.email, PASSWORD, address="198.51.100.1"), guess(victim.email, address="198.51.100.2")} == {429}


def test_known_device_lets_the_victim_in(victim, hashes):
    mine = Client()
    assert guess(victim.email, PASSWORD, client=mine) == 302
    mine.post("/accounts/logout/")
    for number in range(30):
        guess(victim.email, address=f"203.0.113.{number}")

    assert guess(victim.email, PASSWORD, client=mine) == 302


def test_known_device_has_ten_guesses_of_its_own(victim, hashes):
    mine = Client()
    guess(victim.email, PASSWORD, client=mine)
    mine.post("/accounts/logout/")
    del hashes[:]
    answers = [guess(victim.email, client=mine) for _ in range(12)]

    assert (answers, len(hashes)) == ([200] * 10 + [429] * 2, 10)


def test_device_is_known_for_its_own_account_only(victim, hashes):
    other = make_user(email="other@vendor.test", password=PASSWORD)
    mine = Client()
    guess(other.email, PASSWORD, client=mine)
    mine.post("/accounts/logout/")
    del hashes[:]
    for _ in range(15):
        guess(victim.email, client=mine)

    assert len(hashes) == 10


@pytest.mark.parametrize("cookie", ["", "made-up", "e30:1abcde:forged"])
def test_forged_device_is_not_known(victim, hashes, cookie):
    for number in range(12):
        client = Client()
        client.cookies["prm_device"] = cookie
        guess(victim.email, client=client, address=f"203.0.113.{number}")

    assert len(hashes) == 10


def test_mailed_link_lets_the_victim_in(victim):
    for number in range(12):
        guess(victim.email, address=f"203.0.113.{number}")
    mine = Client()
    mine.post("/accounts/password/reset/", {"email": victim.email})
    link = next(word for word in Outbox.objects.get().body.split() if "/reset/key/" in word)
    form = mine.get(link, follow=True).redirect_chain[-1][0]
    mine.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert "_auth_user_id" in mine.session
    mine.post("/accounts/logout/")
    assert guess(victim.email, "another long phrase", client=mine) == 302


def test_colleagues_behind_one_address_do_not_use_up_each_others_tries(hashes):
    people = [make_user(email=f"p{number}@vendor.test", password=PASSWORD) for number in range(35)]

    assert {guess(person.email, PASSWORD) for person in people} == {302}


def test_own_account_does_not_buy_more_guesses_at_others(victim, hashes):
    """A success gives back its own try only, not those that were wrong before it."""
    own = make_user(email="own@vendor.test", password=PASSWORD)
    for number in range(40):
        guess(f"person{number}@vendor.test")
        if number % 5 == 0:
            guess(own.email, PASSWORD)

    assert len([email for email in hashes if email != own.email]) == 30


def test_crowd_is_sent_away_without_a_hash(victim, hashes):
    with ExitStack() as stack:
        stack.enter_context(place("hash", places=1))
        assert guess(victim.email, PASSWORD) == 429
    assert guess(victim.email, PASSWORD) == 302


def test_known_device_hashes_while_strangers_stand_in_line(victim):
    mine = Client()
    guess(victim.email, PASSWORD, client=mine)
    mine.post("/accounts/logout/")
    with place("hash", places=1):
        assert guess(victim.email, PASSWORD, client=mine) == 302


def test_refused_guess_writes_nothing(victim):
    for number in range(10):
        guess(victim.email, address=f"203.0.113.{number}")
    slots = list(AttemptSlot.objects.values())
    guess(victim.email, address="198.51.100.1")

    assert list(AttemptSlot.objects.values()) == slots


def test_counters_hold_no_address_and_no_account(victim):
    guess(victim.email, address="203.0.113.77")
    stored = str(list(AttemptSlot.objects.values()))

    assert (victim.email in stored, "203.0.113.77" in stored) == (False, False)


def test_old_counters_are_forgotten(time_machine):
    for number in range(30):
        take("address", str(number), limit=3)
    time_machine.move_to(clock.now() + timedelta(days=2))
    take("address", "new", limit=3)

    assert AttemptSlot.objects.count() == 1


def test_slot_given_back_is_free():
    first = take("x", "y", limit=1)
    with pytest.raises(TooManyAttemptsError):
        take("x", "y", limit=1)
    give_back(first)

    assert take("x", "y", limit=1).slot_id == first.slot_id


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_no_more_than_there_is():
    """Twelve threads, sixty tries, ten slots."""
    if connection.vendor != "postgresql":
        return
    taken: list[int] = []
    start = threading.Barrier(12)

    def try_five_times():
        start.wait()
        for _ in range(5):
            try:
                taken.append(attempts.take("account", "victim", limit=10).slot_id)
            except TooManyAttemptsError:
                continue
        connection.close()

    threads = [threading.Thread(target=try_five_times) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(taken), len(set(taken))) == (10, 10)
