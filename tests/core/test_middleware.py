"""Headers that every answer carries, and what is refused before anything else looks at it."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/accounts/login/", "/nowhere/", "/api/v1/partners/"])
def test_every_answer_has_the_headers(client, path):
    answer = client.get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_say_what_they_are(client, path):
    assert client.get(path)["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/livez", "/accounts/login/", "/", "/api/v1/partners/", "/admin/"])
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_odd_methods_are_refused(client, path, method):
    assert client.generic(method, path).status_code == 405


def test_token_in_the_clear_is_refused_and_not_redirected(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/api/v1/partners/", headers={"Authorization": "Bearer prm_1"})
    assert answer.status_code == 403
    assert "not encrypted" in answer.json()["detail"]
    assert client.get("/api/v1/partners/", secure=True).status_code == 401
