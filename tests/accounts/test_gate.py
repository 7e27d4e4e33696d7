"""The gate before the log-in turns a storm away before it costs anything (reliability P7)."""

from __future__ import annotations

import fcntl
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import gate
from core.turnstile import place

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
FORM = {"login": "ana@vendor.test", "password": "wrong"}


@pytest.fixture(autouse=True)
def alone(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(gate, "WAIT", 0.05)


def test_crowd_is_turned_away_without_a_query(client, django_assert_num_queries):
    with place("log-in", places=1), django_assert_num_queries(0):
        answer = client.post("/accounts/login/", FORM)

    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert "Many people are logging in" in answer.content.decode()


def test_crowd_leaves_other_pages_alone(client, manager_client):
    with place("log-in", places=2), place("log-in", places=2):
        assert client.get("/accounts/login/").status_code == 200
        assert manager_client.get("/app/settings/sessions/").status_code == 200


def test_known_device_passes_a_crowd_of_strangers(manager):
    manager.set_password(PASSWORD)
    manager.save(update_fields=["password"])
    mine, form = Client(), {"login": manager.email, "password": PASSWORD}
    mine.post("/accounts/login/", form)
    mine.post("/accounts/logout/")
    with place("log-in", places=1):
        assert mine.post("/accounts/login/", form).status_code == 302


def test_address_without_tries_is_asked_about_once(client, django_assert_num_queries):
    for number in range(31):
        client.post("/accounts/login/", {"login": f"p{number}@vendor.test", "password": "wrong"})
    with django_assert_num_queries(0):
        answer = client.post("/accounts/login/", FORM)

    assert (answer.status_code, answer["Retry-After"]) == (429, "900")


def test_page_for_the_turned_away_speaks_the_readers_language_and_keeps_the_policy(client):
    with place("log-in", places=1):
        answer = client.post("/accounts/login/", FORM, headers={"accept-language": "de"})

    assert 'lang="de"' in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_who_is_turned_away_finds_what_was_typed_but_never_the_password(client):
    typed = {"login": '%next%"><b>ana@vendor.test', "password": "secret words", "next": "/app/health/"}
    with place("log-in", places=1):
        page = client.post("/accounts/login/", typed | {"csrfmiddlewaretoken": "t0ken"}).content.decode()

    assert "press the button again" in page
    assert 'value="%next%&quot;&gt;&lt;b&gt;ana@vendor.test"' in page
    assert 'name="next" value="/app/health/"' in page
    assert 'name="csrfmiddlewaretoken" value="t0ken"' in page
    assert "secret words" not in page


def test_page_of_the_turned_away_logs_in(manager):
    manager.set_password(PASSWORD)
    manager.save(update_fields=["password"])
    visitor = Client(enforce_csrf_checks=True)
    token = visitor.get("/accounts/login/").context["csrf_token"]
    form = {"login": manager.email, "password": PASSWORD, "csrfmiddlewaretoken": str(token)}
    with place("log-in", places=1):
        page = visitor.post("/accounts/login/", form).content.decode()
    form["csrfmiddlewaretoken"] = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]

    assert visitor.post("/accounts/login/", form).status_code == 302


def test_strangers_of_one_second_wait_for_their_turn(client, monkeypatch):
    """Five at once: one is at work, four stand in line, none is turned away; the sixth is."""
    monkeypatch.setattr(gate, "WAIT", 5.0)
    busy, go_on = threading.Semaphore(0), threading.Event()

    def work(request):
        busy.release()
        go_on.wait(5)
        return HttpResponse(status=200)

    door = gate.log_in_gate(work)
    asked = lambda: door(RequestFactory().post("/accounts/login/", FORM))  # noqa: E731
    monkeypatch.setattr(gate, "is_used_up", lambda *_, **__: False)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(asked)]
        busy.acquire(timeout=5)
        waiting += [pool.submit(asked) for _ in range(gate.STRANGERS_IN_LINE)]
        while sum(_is_held(place_number) for place_number in range(gate.STRANGERS_IN_LINE)) < gate.STRANGERS_IN_LINE:
            time.sleep(0.01)
        assert asked().status_code == 429
        go_on.set()
        assert [one.result(10).status_code for one in waiting] == [200] * 5


def _is_held(number):
    """Whether somebody stands on this place of the line."""
    path = settings.VAR_DIR / "locks" / f"log-in-line-{number}"
    if not path.exists():
        return False
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_storm_writes_one_line_to_the_log(client, caplog):
    with place("log-in", places=1):
        for _ in range(5):
            client.post("/accounts/login/", FORM)

    assert caplog.text.count("log_ins_turned_away") == 1
    assert "Too Many Requests" not in caplog.text
