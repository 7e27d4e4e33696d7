"""API tokens cannot be guessed (reliability P10)."""

import pytest
from rest_framework.test import APIClient

from accounts.services import create_token

pytestmark = pytest.mark.django_db


def ask(secret, **more):
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}").get("/api/v1/partners/", **more)


def test_wrong_tokens_are_told_to_wait_after_twenty_in_a_minute():
    answers = [ask(f"prm_wrong{number}").status_code for number in range(22)]

    assert answers == [401] * 20 + [429] * 2
    assert ask("prm_wrong").headers["Retry-After"] == "60"


def test_right_token_works_from_an_address_of_wrong_ones(manager):
    _token, secret = create_token(user=manager, name="x", scope="read", days=1)
    for number in range(25):
        ask(f"prm_wrong{number}")

    assert ask(secret).status_code == 200


def test_other_addresses_are_not_told_to_wait():
    for number in range(25):
        ask(f"prm_wrong{number}")

    assert ask("prm_wrong", REMOTE_ADDR="198.51.100.7").status_code == 401


def test_minute_goes_by(time_machine):
    from datetime import timedelta

    from core import clock

    for number in range(21):
        ask(f"prm_wrong{number}")
    time_machine.move_to(clock.now() + timedelta(seconds=61))

    assert ask("prm_wrong").status_code == 401


def test_what_no_token_can_hold_is_wrong_like_any_other():
    answers = [ask(secret).status_code for secret in ("prm_\xff", "\xe9" * 20, "prm_\x00", "prm_\x7f") * 6]

    assert answers == [401] * 20 + [429] * 4
